import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRow } from '../history/run-row.ts';
import { RunLog } from '../logs/run-log.ts';
import { mendOrder, Tailer } from '../logs/tailer.ts';
import type { HeldRun } from '../runner/spawner.ts';
import type { Stdin } from './launch.ts';
import type { LiveRun } from './live-run.ts';
import type { Prepared } from './request.ts';
import { newToken, sealOf } from './seal.ts';

/** Why a run is stopped before its end. */
export type WhyStopped = 'cancelled' | 'timed_out' | 'output_full';

/** A run that has not ended. */
export interface OpenRun {
  row: RunRow;
  /** For its wrapper, when we start it; '' for one that was started before. */
  readonly token: string;
  readonly folder: string;
  readonly log: RunLog;
  /** Null for one that was running when the agent started. */
  readonly prepared: Prepared | null;
  /** The script's absolute path, once known. */
  path: string | null;
  live: LiveRun | null;
  /** Its runner, which waits for the journal, and where the run's files are meanwhile. */
  held: { runner: HeldRun; folder: string } | null;
  /** Made for it by this agent; what an earlier one made stands in its status. */
  cgroup: string | null;
  /** When it is live, or will never be. */
  readonly ready: Promise<void>;
  readonly settle: () => void;
  /** Why it is being stopped. The first reason stays. */
  why: WhyStopped | null;
  timeout: NodeJS.Timeout | null;
}

/** A run as it is taken up: its log cut to what the disk still holds, which for a new one is nothing. */
export function openRun(row: RunRow, prepared: Prepared | null, folder: string, onError: (error: unknown) => void): OpenRun {
  try {
    mendOrder(folder);
  } catch (error) {
    onError(error);
  }
  let settle = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const token = prepared === null ? '' : newToken();
  return {
    row: prepared === null ? row : { ...row, seal: sealOf(token) },
    token,
    folder,
    log: new RunLog(folder, false),
    prepared,
    path: null,
    live: null,
    held: null,
    cgroup: null,
    ready,
    settle,
    why: null,
    timeout: null,
  };
}

/** Puts the output that nobody took yet into the log of a run that has ended. */
export function takeRest(run: OpenRun, onError: (error: unknown) => void): void {
  let tailer: Tailer;
  try {
    tailer = new Tailer(run.folder, run.log, () => undefined, onError);
  } catch {
    // It has no files: there was no output.
    return;
  }
  tailer.finish()();
}

/** What its script will read. */
export function stdinOf({ passed, secrets, stdin }: Prepared): Stdin {
  if (passed.stdin !== null) return { kind: 'text', text: passed.stdin, secret: secrets.length > 0 };
  return stdin ? { kind: 'open' } : { kind: 'none' };
}

/** When the wrapper last wrote: close enough to the end, also for a run that ended while nobody looked. */
export function endedAt(folder: string): number {
  try {
    return Math.floor(statSync(join(folder, 'status')).mtimeMs);
  } catch {
    return Date.now();
  }
}
