import { Line } from '../../../shared/terminal/line.ts';
import type { Style } from '../../../shared/terminal/style.ts';

/** A line of a run's output. */
export interface LogLine extends Readonly<Pick<Line, 'version' | 'folded' | 'length' | 'spans' | 'text' | 'weight' | 'startsWith'>> {
  /** Never used again for another line. */
  readonly id: number;
  /** `typed`: nothing but what a person typed. */
  readonly kind: 'stdout' | 'stderr' | 'gap' | 'typed';
  /** Where the line begins in the run's output. */
  readonly from: number;
  /** Its length, or about that while nobody has looked at it. */
  readonly columns: number;
  /**
   * How many newlines stand before the line, counted from a place of the buffer's own: its number is that and the number of
   * the line at that place. A line that was folded goes on in one with the same row.
   */
  row: number;
  /** It belongs to a full-screen program, and goes when that ends. */
  readonly alternate: boolean;
  /** How high it was drawn, in which layout, and which version of it: the view's own note. */
  drawn: { height: number; layout: number; version: number };
}

export const UNDRAWN = { height: 0, layout: 0, version: -1 };

let nextId = 1;

export function newLineId(): number {
  nextId += 1;
  return nextId;
}

/** A line that can still change. */
export class WrittenLine extends Line implements LogLine {
  readonly id = newLineId();
  readonly kind: LogLine['kind'];
  readonly from: number;
  row: number;
  readonly alternate: boolean;
  drawn = UNDRAWN;

  constructor(kind: LogLine['kind'], from: number, row: number, alternate = false, ground: Style | null = null) {
    super(ground);
    this.kind = kind;
    this.from = from;
    this.row = row;
    this.alternate = alternate;
  }

  get columns(): number {
    return this.length;
  }
}
