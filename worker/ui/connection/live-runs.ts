import type { ClientFrameInput } from '../../../shared/browser-protocol.ts';
import { hostNow } from '../clock.ts';
import { networkThere } from './network-there.ts';
import { connection } from './page-connection.ts';
import { Streams } from './run-streams.ts';
import { Starts } from './starts.ts';

/** What is done with runs on the page's connection. It comes behind the first paint: no page begins with a press, or with output. */

/** Typed input is of use for so long. */
const INPUT_MS = 10_000;

/** Presses: `start`. The output of what it started follows on this connection: `streams.adopt` it in the same tick. */
export const starts = connection.add((send) => new Starts(send));
/** The output of runs: `attach` and `adopt`. */
export const streams = connection.add((send) => new Streams(send));

/** Types into a run: now, or not at all. @param eof its input ends after `data`. @returns false when there is no connection now. */
export function typeInto(taskId: string, data: string, eof = false): boolean {
  const not_after = new Date(hostNow() + INPUT_MS).toISOString();
  const frame: ClientFrameInput = { type: 'input', task_id: taskId, data, eof, not_after };
  return networkThere.peek() && connection.send(frame);
}
