import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../process/process-identity.ts';
import { readStatus } from './live-run.ts';

/** What a restarted agent finds of a run that the journal calls started. */
export type Finding =
  /** It runs, or ended meanwhile: follow its files, they tell. */
  | { kind: 'follow' }
  /** Nobody will say how it ended. `sweep`: something of it may still be running. */
  | { kind: 'interrupted'; reason: string; sweep: boolean };

/** A wrapper that took the claim says who it is within microseconds; on a busy host it gets this. */
const IDENTITY_MS = 1000;

/**
 * Decides what became of a run after a crash, by what it left on the disk. Whoever makes `claim` first decides whether the
 * script starts: when that is us, no wrapper will start it any more.
 * @param seal as the journal has it.
 * @throws when the disk is full.
 */
export async function findOut(folder: string, boot: string, seal: string | null): Promise<Finding> {
  if (takeClaim(folder)) {
    return { kind: 'interrupted', reason: 'The agent stopped before the script was started: it did not run.', sweep: false };
  }
  let status = readStatus(folder, seal);
  if (status.identity === null && status.exit === null) {
    await sleep(IDENTITY_MS);
    status = readStatus(folder, seal);
  }
  if (status.exit !== null) return { kind: 'follow' };
  const { identity } = status;
  if (identity === null) {
    return {
      kind: 'interrupted',
      reason: 'The agent stopped while the script was being started. Whether it ran is not known.',
      sweep: true,
    };
  }
  if (identity.boot !== boot) return { kind: 'interrupted', reason: 'The host was restarted while the script ran.', sweep: false };
  if (isAlive(identity, boot)) return { kind: 'follow' };
  return { kind: 'interrupted', reason: 'The script’s processes were killed from outside: how far it got is not known.', sweep: true };
}

/** @returns true when the claim is ours now. */
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
