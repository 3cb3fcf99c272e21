import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessIdentity } from '../../process/process-identity.ts';
import { isAlive, signalProcess } from '../../process/process-identity.ts';
import type { ProcessInfo } from '../../process/process-info.ts';
import { processTable } from '../../process/process-table.ts';
import { ENDED_FILE } from './wrapper.ts';

/** Killed pumps get so long to be gone. */
const GONE_MS = 2000;
const LOOK_MS = 5;

/**
 * Lets the pumps of a run read and keep nothing from now on: `ended` tells new pumps so, and the present ones are killed with what
 * they hold. The processes that print do not notice.
 * @returns when nobody writes to the run's files any more; false when that can't be reached.
 */
export async function silencePumps(folder: string, wrapper: ProcessIdentity, boot: string): Promise<boolean> {
  try {
    closeSync(openSync(join(folder, ENDED_FILE), 'w', 0o600));
  } catch {
    return false;
  }
  // The wrapper's group is the wrapper, its pumps, and what these have started.
  const isPumping = ({ pid, group, parent }: ProcessInfo): boolean =>
    group === wrapper.pid && pid !== wrapper.pid && parent !== wrapper.pid;
  const pumping = [...(await processTable()).values()].filter(isPumping).map(({ pid, start }) => ({ pid, start, boot }));
  if (!isAlive(wrapper, boot)) return false;
  for (const one of pumping) signalProcess(one, boot, 'SIGKILL');
  for (const until = performance.now() + GONE_MS; pumping.some((one) => isAlive(one, boot)); await sleep(LOOK_MS)) {
    if (performance.now() > until) return false;
  }
  return true;
}
