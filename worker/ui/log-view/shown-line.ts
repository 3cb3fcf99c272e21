import { Line } from '../../../shared/terminal/line.ts';
import type { Style } from '../../../shared/terminal/style.ts';

const UNDRAWN = { height: 0, layout: 0, version: -1 };

let nextId = 1;

/** A line of a run's output. */
export class LogLine extends Line {
  /** Never used again for another line. */
  readonly id = nextId++;
  readonly kind: 'stdout' | 'stderr' | 'gap';
  /** Where the line begins in the run's output. */
  readonly from: number;
  /** It belongs to a full-screen program, and goes when that ends. */
  readonly alternate: boolean;
  /** How high it was drawn, in which layout, and which version of it: the view's own note. */
  drawn = UNDRAWN;

  constructor(kind: LogLine['kind'], from: number, alternate = false, ground: Style | null = null) {
    super(ground);
    this.kind = kind;
    this.from = from;
    this.alternate = alternate;
  }
}
