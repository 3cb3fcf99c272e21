import type { LineBuffer } from './line-buffer.ts';
import type { LogLine } from './shown-line.ts';

/** What a reader wants to see of the two streams. */
export type StreamFilter = 'all' | 'stdout' | 'stderr';

const BEGIN = '::group::';
const END = '::endgroup::';

/** How many characters of a line say that a group begins here; 0: none does. */
export function markerOf(line: LogLine): number {
  return line.startsWith(BEGIN) ? BEGIN.length : 0;
}

/**
 * The lines of a buffer that are shown: all, or one stream's, without what is folded away between `::group::NAME` and
 * `::endgroup::`, as in the logs of GitHub's actions.
 */
export class ShownLines {
  readonly #buffer: LineBuffer;
  #stream: StreamFilter = 'all';
  /** Groups that nobody touched are folded. */
  #folded: boolean;
  /** Ids of the first lines of groups that are the other way. */
  readonly #turned = new Set<number>();
  #lines: readonly LogLine[] | null = null;

  /** @param folded groups are folded at first. */
  constructor(buffer: LineBuffer, folded: boolean) {
    this.#buffer = buffer;
    this.#folded = folded;
  }

  get lines(): readonly LogLine[] {
    this.#lines ??= this.#plain ? this.#buffer.lines : this.#chosen();
    return this.#lines;
  }

  /** Lines that were removed at the head, ever, as far as all are shown. */
  get removed(): number {
    return this.#plain ? this.#buffer.removed : 0;
  }

  get stream(): StreamFilter {
    return this.#stream;
  }

  get folded(): boolean {
    return this.#folded;
  }

  set folded(folded: boolean) {
    this.#folded = folded;
    this.#turned.clear();
    this.#lines = null;
  }

  /** The buffer changed. */
  changed(): void {
    this.#lines = null;
  }

  only(stream: StreamFilter): void {
    this.#stream = stream;
    this.#lines = null;
  }

  /** Folds a group, or unfolds it. @param line its first. */
  turn(line: LogLine): void {
    if (!this.#turned.delete(line.id)) this.#turned.add(line.id);
    this.#lines = null;
  }

  /** These lines came before those that a reader may be looking at: a group that goes on into those stays open. */
  keepOpen(earlier: readonly LogLine[]): void {
    const open: LogLine[] = [];
    for (const line of earlier) {
      if (line.startsWith(END)) open.pop();
      else if (markerOf(line) > 0) open.push(line);
    }
    for (const line of open) if (this.#folded) this.#turned.add(line.id);
    this.#lines = null;
  }

  /** Whether the group that begins with a line is folded; null when none begins there. */
  foldOf(line: LogLine): boolean | null {
    return !this.#buffer.grouped || markerOf(line) === 0 ? null : this.#isFolded(line);
  }

  /** Makes sure that a line can be seen. @returns whether something had to change for that. */
  reveal(line: LogLine): boolean {
    if (this.lines.includes(line)) return false;
    this.#stream = 'all';
    this.#lines = null;
    if (!this.lines.includes(line)) this.folded = false;
    return true;
  }

  get #plain(): boolean {
    return this.#stream === 'all' && !this.#buffer.grouped;
  }

  #isFolded(line: LogLine): boolean {
    return this.#turned.has(line.id) !== this.#folded;
  }

  #chosen(): LogLine[] {
    const shown: LogLine[] = [];
    /** For each group that is open here, whether it is folded. */
    const open: boolean[] = [];
    let hidden = 0;
    for (const line of this.#buffer.lines) {
      if (line.kind === 'stdout' || line.kind === 'stderr') {
        if (this.#stream !== 'all' && line.kind !== this.#stream) continue;
        if (this.#buffer.grouped && line.startsWith(END)) {
          if (open.pop() === true) hidden -= 1;
          continue;
        }
        if (this.#buffer.grouped && markerOf(line) > 0) {
          if (hidden === 0) shown.push(line);
          const folded = this.#isFolded(line);
          open.push(folded);
          if (folded) hidden += 1;
          continue;
        }
      }
      if (hidden === 0) shown.push(line);
    }
    return shown;
  }
}
