import { createHash } from 'node:crypto';
import type { Trigger } from '../../shared/flow/definition.ts';
import { cronOf } from './language/cron.ts';

type Scheduler = Trigger & { type: 'scheduler' };

/** What fires so much later than it was due was missed. */
const LATE_MS = 60_000;
/** Of what was missed, at most so many times are looked at, and fire. */
const MOST_MISSED = 1000;

/** The next time of a schedule after a moment, both in ms since 1970; null when there is none. */
export function nextDue({ cron, timezone }: Scheduler, after: number): number | null {
  return cronOf(cron, timezone).nextRun(new Date(after))?.getTime() ?? null;
}

/** The next times of a schedule after a moment, as many as there are up to `most`. */
export function nextDues({ cron, timezone }: Pick<Scheduler, 'cron' | 'timezone'>, after: number, most: number): number[] {
  return cronOf(cron, timezone)
    .nextRuns(most, new Date(after))
    .map((at) => at.getTime());
}

/** The times of a schedule from `first` up to now; of very many the newest. */
export function dueTimes(scheduler: Scheduler, first: number, now: number): number[] {
  const cron = cronOf(scheduler.cron, scheduler.timezone);
  const due: number[] = [];
  // What lies before the window fires in no case.
  let at = first;
  const from = now - Math.max(scheduler.catch_up_window_s * 1000, LATE_MS);
  if (at < from) at = cron.nextRun(new Date(from - 1))?.getTime() ?? Number.POSITIVE_INFINITY;
  while (at <= now) {
    due.push(at);
    if (due.length > MOST_MISSED) due.shift();
    at = cron.nextRun(new Date(at))?.getTime() ?? Number.POSITIVE_INFINITY;
  }
  return due;
}

/** Which of the times that are due fire: what was missed by `catch_up`, within its window; what is due just now in any case. */
export function toFire({ catch_up, catch_up_window_s, jitter_s }: Scheduler, due: readonly number[], now: number): number[] {
  const onTime = due.filter((at) => at >= now - LATE_MS - jitter_s * 1000);
  const missed = due.filter((at) => !onTime.includes(at) && at >= now - catch_up_window_s * 1000);
  switch (catch_up) {
    case 'none':
      return onTime.slice(-1);
    case 'one':
      return [...missed, ...onTime].slice(-1);
    case 'all':
      return [...missed, ...onTime];
  }
}

/** By how much a start is put off, in ms: the same for the same time. */
export function jitterOf({ jitter_s }: Scheduler, seed: string): number {
  return jitter_s === 0 ? 0 : createHash('sha256').update(seed).digest().readUInt32LE() % (jitter_s * 1000);
}
