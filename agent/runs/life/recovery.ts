import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRow } from '../../history/run-row.ts';
import type { RunLog } from '../../logs/run-log.ts';
import { Tailer } from '../../logs/tailer.ts';
import { killTree } from '../../process/kill-tree.ts';
import { isAlive } from '../../process/process-identity.ts';
import type { RunStatus } from '../wrapper/status.ts';
import { readStatus } from '../wrapper/status.ts';

/** Nobody will say how a run ended. */
export interface Interruption {
  reason: string;
  /** Something of the run may still be there. */
  sweep: boolean;
}

/** Of a run that was accepted, and of which nothing was done. */
export const NEVER_BEGAN = 'The agent stopped before the script was started: it did not run.';
export const KILLED_FROM_OUTSIDE = 'The script’s processes were killed from outside: how far it got is not known.';

/** A wrapper that took the claim says who it is within microseconds; on a busy host it gets this. */
const IDENTITY_MS = 1000;
const ORPHAN_GRACE_MS = 2000;

/**
 * Decides by its files what became of a run that an earlier agent has started. Whoever makes `claim` first decides whether the
 * script starts: when this agent makes it, no wrapper will start the script any more.
 * @param seal as the journal has it.
 * @returns null when the run goes on, or has ended and its files say how. @throws when the disk is full.
 */
export async function findInterruption(folder: string, boot: string, seal: string | null): Promise<Interruption | null> {
  if (takeClaim(folder)) return { reason: NEVER_BEGAN, sweep: false };
  let status = readStatus(folder, seal);
  if (status.identity === null && status.exit === null) {
    await sleep(IDENTITY_MS);
    status = readStatus(folder, seal);
  }
  const { identity, exit } = status;
  if (exit !== null) return null;
  if (identity === null)
    return { reason: 'The agent stopped while the script was being started. Whether it ran is not known.', sweep: true };
  if (identity.boot !== boot) return { reason: 'The host was restarted while the script ran.', sweep: false };
  return isAlive(identity, boot) ? null : { reason: KILLED_FROM_OUTSIDE, sweep: true };
}

/** Ends what is left of a run that nobody carries any more: its signal, a short grace, KILL. @returns when nothing is left that can be found. */
export async function sweepUp({ task_id, seal, stop_signal }: RunRow, folder: string, boot: string): Promise<void> {
  const status = (): RunStatus => readStatus(folder, seal);
  const tree = { taskId: task_id, status, complete: () => status().drained };
  await killTree(tree, boot, { signal: stop_signal, graceMs: ORPHAN_GRACE_MS });
}

/** Puts the output that nobody took yet into the log of a run that nobody carries any more. */
export function takeRest(folder: string, log: RunLog, onError: (error: unknown) => void): void {
  let tailer: Tailer;
  try {
    tailer = new Tailer(folder, log, () => undefined, onError);
  } catch {
    // The run has no files: there was no output.
    return;
  }
  tailer.finish()();
}

/** @returns true when the claim is this agent's now. */
function takeClaim(folder: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(join(folder, 'claim'), 'wx', 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
