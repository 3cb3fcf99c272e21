import { sentence } from '../api.ts';
import { toast } from '../toasts.ts';
import { lineAt } from './places.ts';
import type { PrintedTimes } from './printed-times.ts';
import type { LogLine } from './shown-line.ts';
import type { Decor } from './surface.ts';

/** Numbers have room for so many digits at least. */
const DIGITS = 4;

/** What stands beside the lines of a run's output: the number of each, when it was printed, and whether it is marked. */
export class Margin {
  readonly #taskId: string;
  readonly #onKnown: () => void;
  /** The number of the line of row 0; null while it is not known. */
  #first: number | null = null;
  /** How often the lines began elsewhere: what is learned of others is not taken. */
  #begun = 0;
  #marked: { lines: readonly [number, number] } | { id: number } | null = null;
  #times: PrintedTimes | null = null;
  #timed = false;

  /** @param onKnown is called when more is known: the margin is to be drawn again. */
  constructor(taskId: string, onKnown: () => void) {
    this.#taskId = taskId;
    this.#onKnown = onKnown;
  }

  /** The line of row 0 stands at a cursor: learns which one it is. */
  begin(cursor: number): void {
    this.#begun += 1;
    const begun = this.#begun;
    this.#first = cursor === 0 ? 1 : null;
    if (cursor === 0) return;
    lineAt(this.#taskId, cursor)
      .then(({ line }) => {
        if (begun !== this.#begun) return;
        this.#first = line;
        this.#onKnown();
      })
      // Without numbers all the rest can be read.
      .catch(() => undefined);
  }

  /** The number of a line; null while it is not known, and for what is no line of the output. */
  numberOf(line: LogLine): number | null {
    return this.#first === null || line.kind === 'gap' || line.kind === 'typed' ? null : this.#first + line.row;
  }

  /** Marks lines by their numbers, or one by its id. */
  mark(what: { lines: readonly [number, number] } | { id: number } | null): void {
    this.#marked = what;
  }

  /** Shows when each line was printed, or not any more. */
  async showTimes(shown: boolean): Promise<void> {
    this.#timed = shown;
    try {
      if (shown && this.#times === null) {
        const { PrintedTimes } = await import('./printed-times.ts');
        this.#times ??= new PrintedTimes(this.#taskId, this.#onKnown);
      }
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    if (this.#times !== null) this.#times.shown = this.#timed;
    this.#onKnown();
  }

  /** Lines between two cursors are in view: their times are asked for. */
  seen(from: number, to: number): void {
    this.#times?.need(from, to);
  }

  /** The columns that it takes beside lines of which this is the last. */
  widthBeside(last: LogLine | undefined): number {
    const number = last === undefined ? null : this.numberOf(last);
    const digits = Math.max(DIGITS, number === null ? 0 : String(number).length);
    return digits + (this.#times?.shown === true ? this.#times.width + 1 : 0);
  }

  /** How it is drawn, in so many columns. */
  decor(marginWidth: number): Pick<Decor, 'marginWidth' | 'margin' | 'marked'> {
    const marked = this.#marked;
    const times = this.#times?.shown === true ? this.#times : null;
    return {
      marginWidth,
      margin: (line) => {
        const number = this.numberOf(line);
        const text = number === null ? '' : String(number);
        return times === null ? text : `${times.of(line.from)} ${text}`;
      },
      marked: (line) => {
        if (marked === null) return false;
        if ('id' in marked) return line.id === marked.id;
        const number = this.numberOf(line);
        return number !== null && number >= marked.lines[0] && number <= marked.lines[1];
      },
    };
  }

  close(): void {
    this.#begun += 1;
    this.#timed = false;
    this.#times?.close();
  }
}
