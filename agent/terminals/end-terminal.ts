import { killAllIn } from '../process/cgroup.ts';
import { killTree } from '../process/kill-tree.ts';
import type { TerminalRow } from './terminal-store.ts';

/** After HUP, a program has so long to leave in peace. */
export const CLOSE_GRACE_MS = 5000;

/** Ends all that runs in a terminal: HUP, as a window that is closed says it, a time to leave, KILL for what is still there. */
export async function endTerminal(
  row: Pick<TerminalRow, 'id' | 'pid' | 'start' | 'boot' | 'cgroup'>,
  boot: string,
  ended: () => boolean,
  graceMs: number,
): Promise<void> {
  const { pid, start, cgroup } = row;
  const leader = pid === null || start === null ? null : { pid, start, boot: row.boot ?? '' };
  const tree = {
    taskId: row.id,
    bare: true,
    status: () => ({ identity: leader, leader, cgroup, pipes: [], exit: ended() ? {} : null }),
    complete: () => true,
  } as const;
  await killTree(tree, boot, { signal: 'HUP', graceMs });
  if (cgroup !== null) await killAllIn(cgroup);
}
