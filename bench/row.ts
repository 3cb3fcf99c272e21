import type { Spread } from './stats.ts';

/** One number that a row found. */
export interface Figure {
  what: string;
  /** `×` for ratios. */
  unit: string;
  value: Spread;
  /** Only on what has a target; everything else is there to explain it. */
  target?: { most?: number; least?: number };
}

export interface Outcome {
  figures: Figure[];
  /** What a reader must know to judge the figures. */
  notes?: string[];
}

/** One line of the table in the design: what is measured, and against what. */
export interface Row {
  /** For `npm run bench -- NAME`. */
  name: string;
  title: string;
  /** How long it may take on a busy machine, in seconds; three times of what it takes on a quiet one. Then it fails. */
  deadline?: number;
  /** Why the row can't be measured on this machine; null when it can. It is passed over then. */
  missing?(): string | null;
  measure(): Promise<Outcome>;
}

/** Null where nothing was promised. */
export function isMet({ value, target }: Figure): boolean | null {
  if (target === undefined) return null;
  return value.median <= (target.most ?? Number.POSITIVE_INFINITY) && value.median >= (target.least ?? Number.NEGATIVE_INFINITY);
}

/** A number that was measured once, or is exact. */
export function exact(value: number): Spread {
  return { median: value, low: value, high: value };
}
