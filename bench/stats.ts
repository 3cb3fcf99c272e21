import { stage } from './deadline.ts';

/** The value below which `part` (0 to 1) of the sample lies: nearest rank. NaN for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A median with the quartiles around it. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Round by round: what was measured at the same time is compared, so that the machine's drift cancels. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

export function differences(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value - (theirs[round] ?? Number.NaN)));
}

/**
 * Measures several things in turns, A B C, B C A, C A B, …: none is always first, and a busy minute hits all of them.
 * @returns what each gave, round by round.
 */
export async function interleave<Name extends string>(
  rounds: number,
  measures: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measures).filter((name): name is Name => Object.hasOwn(measures, name));
  const all: Partial<Record<Name, number[]>> = {};
  const results = (name: Name): number[] => {
    const known = all[name] ?? [];
    all[name] = known;
    return known;
  };
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length];
      if (name === undefined) continue;
      stage(`${name}, round ${round + 1} of ${rounds}`);
      results(name).push(await measures[name]());
    }
  }
  const complete = (part: Partial<Record<Name, number[]>>): part is Record<Name, number[]> =>
    names.every((name) => part[name] !== undefined);
  if (!complete(all)) throw new Error('a bench needs at least one round');
  return all;
}
