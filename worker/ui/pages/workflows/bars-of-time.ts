import type { JobStepView } from '../../../../shared/workflows.ts';

/** The steps of a job on one line of time, in percent of all of it. */
export interface Bar {
  name: string;
  /** Where its newest attempt began and ended; null: it has not begun. */
  from: number | null;
  length: number;
}
export interface Timeline {
  bars: readonly Bar[];
  /** What the marks of the axis say, in milliseconds from the beginning, and where they stand. */
  marks: readonly { ms: number; at: number }[];
}

type Timed = Pick<JobStepView, 'name' | 'started_at' | 'ended_at'>;

/** A bar that took no time can still be seen. */
const LEAST = 0.6;
const ROUND_MS = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000,
  43_200_000, 86_400_000,
];
/** So many marks at most. */
const MARKS = 5;

/** @param began of the job. @param now where it has not ended: ms since 1970. */
export function timelineOf(began: number, ended: number | null, steps: readonly Timed[], now: number): Timeline {
  const ends = steps.map(({ ended_at }) => (ended_at === null ? 0 : Date.parse(ended_at)));
  const starts = steps.flatMap(({ started_at }) => (started_at === null ? [] : [Date.parse(started_at)]));
  const first = Math.min(began, ...starts);
  const last = Math.max(ended ?? now, ...ends, ...starts, first + 1);
  const total = last - first;
  const bars = steps.map(({ name, started_at, ended_at }): Bar => {
    if (started_at === null) return { name, from: null, length: 0 };
    const from = ((Date.parse(started_at) - first) / total) * 100;
    const to = (((ended_at === null ? Math.max(now, Date.parse(started_at)) : Date.parse(ended_at)) - first) / total) * 100;
    const length = Math.min(100, Math.max(LEAST, to - from));
    return { name, from: Math.min(from, 100 - length), length };
  });
  const step = ROUND_MS.find((ms) => total / ms <= MARKS) ?? Math.ceil(total / MARKS / 86_400_000) * 86_400_000;
  const marks = Array.from({ length: Math.floor(total / step) + 1 }, (_, i) => ({ ms: i * step, at: ((i * step) / total) * 100 }));
  return { bars, marks };
}
