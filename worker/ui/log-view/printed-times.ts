import type { OutputTime } from '../../../shared/output-places.ts';
import { timesOf } from './places.ts';
import { isOtherDay, printedAt } from './printed-at.ts';

/** A reader who scrolls asks once, where they stop. */
const REST_MS = 150;
/** So many are kept. */
const MOST = 20_000;

/** When each line was printed: asked for where the reader looks, and kept. */
export class PrintedTimes {
  shown = false;
  /** Some of what is known was printed on another day than today: each time has its day. */
  #dated = false;
  readonly #taskId: string;
  readonly #onKnown: () => void;
  /** Of one stretch, by cursor, in rising order. */
  #times: OutputTime[] = [];
  #from = 0;
  #wanted: { from: number; to: number } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(taskId: string, onKnown: () => void) {
    this.#taskId = taskId;
    this.#onKnown = onKnown;
  }

  /** Characters of a time: `12:34:56.7`, or `11-30 12:34:56.7`. */
  get width(): number {
    return this.#dated ? 16 : 10;
  }

  /** These lines are in view. */
  need(from: number, to: number): void {
    if (!this.shown || (this.#wanted?.from === from && this.#wanted.to === to)) return;
    this.#wanted = { from, to };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(from, to), REST_MS);
  }

  /** The time of day at which what stands at a cursor was printed; '' while it is not known. */
  of(cursor: number): string {
    if (cursor < this.#from) return '';
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle]?.cursor ?? 0) > cursor) high = middle;
      else low = middle + 1;
    }
    const at = Date.parse(this.#times[low]?.time ?? '');
    return Number.isNaN(at) ? '' : printedAt(at, this.#dated);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.shown = false;
  }

  async #ask(from: number, to: number): Promise<void> {
    const times = await timesOf(this.#taskId, from, to + 1).catch(() => []);
    const [first] = times;
    const last = times.at(-1);
    if (first === undefined || last === undefined || !this.shown) return;
    const known = this.#times.at(-1)?.cursor ?? -1;
    const joins = from <= known && last.cursor >= this.#from && this.#times.length < MOST;
    const kept = joins ? this.#times.filter(({ cursor }) => cursor < first.cursor || cursor > last.cursor) : [];
    this.#from = joins ? Math.min(this.#from, from) : from;
    this.#times = [...kept, ...times].sort((a, b) => a.cursor - b.cursor);
    this.#dated ||= [first, last].some(({ time }) => isOtherDay(Date.parse(time), Date.now()));
    this.#onKnown();
  }
}
