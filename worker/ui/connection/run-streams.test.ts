import { expect, it } from 'vitest';
import type { ClientFrameInput } from '../../../shared/browser-protocol.ts';
import { Streams } from './run-streams.ts';

const TASK = '6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e';

it('acknowledges at once what a smaller window does not allow any more: nothing comes that would remind it', () => {
  const sent: ClientFrameInput[] = [];
  const streams = new Streams((frame) => sent.push(frame) > 0);
  streams.window = 1_000_000;
  streams.adopt(TASK, () => undefined);
  streams.take({ type: 'stdout', task_id: TASK, data: 'x'.repeat(200_000), cursor: 200_000 });
  expect(sent).toEqual([]);
  // The host sends nothing more until this is acknowledged.
  streams.window = 128_000;
  expect(sent).toEqual([{ type: 'ack', task_id: TASK, cursor: 200_000 }]);
});
