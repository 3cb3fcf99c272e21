import type { SystemSample } from '../../../../shared/system.ts';

/** The time that the charts show, in seconds: five minutes. */
export const WINDOW_S = 300;
/** Or a day, with a sample each five minutes. */
export const DAY_S = 86_400;
export const DAY_STEP_S = 300;
/** Samples come every 2 s: a longer silence is a gap, not a line. */
const GAP_S = 7;
/** No more than the host keeps. */
const MOST = 150;

/** `sample` at the end; one that is there already is not taken twice. */
export function withSample(samples: readonly SystemSample[], sample: SystemSample): readonly SystemSample[] {
  const last = samples.at(-1);
  if (last !== undefined && last.time >= sample.time) return samples;
  return [...samples, sample].slice(-MOST);
}

/** The samples with a null wherever nobody was looking, and the times of all (seconds since 1970). */
export interface Timeline {
  times: number[];
  samples: (SystemSample | null)[];
}

/** @param gap_s a silence that is longer is a gap, not a line. */
export function timelineOf(samples: readonly SystemSample[], gap_s: number = GAP_S): Timeline {
  const line: Timeline = { times: [], samples: [] };
  let before: number | null = null;
  for (const sample of samples) {
    const at = Date.parse(sample.time) / 1000;
    if (before !== null && at - before > gap_s) {
      line.times.push(before + 1);
      line.samples.push(null);
    }
    line.times.push(at);
    line.samples.push(sample);
    before = at;
  }
  return line;
}

/** A round number above `value`, for the top of a scale: 1, 2 or 5 times a power of ten. */
export function roundAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}
