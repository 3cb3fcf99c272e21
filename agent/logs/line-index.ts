import type { LinePlace } from '../../shared/output-places.ts';
import { DamagedOutput } from './damaged.ts';

/** A run's output, as far as its lines are counted. */
export interface CountedLog {
  /** How many bytes there are now. */
  readonly end: number;
  read(from: number, maxBytes: number): Promise<{ bytes: Uint8Array; to: number }[]>;
}

/** Newlines are counted once in blocks of so many bytes: a log of 1 GB costs a thousand numbers, and each answer one block. */
const BLOCK = 1024 * 1024;
/** One read: counting it takes about a tenth of a millisecond, and everything else of the agent comes in between. */
const STEP = 128 * 1024;
const NEWLINE = 0x0a;

/**
 * Which line stands where in a run's output, over both streams: a line's number is one more than the newlines before it. The
 * output is read as far as somebody asks, and each block of it once.
 */
export class LineIndex {
  readonly #log: CountedLog;
  /** The newlines before each block that was reached. */
  readonly #before = [0];
  #counting: Promise<void> = Promise.resolve();

  constructor(log: CountedLog) {
    this.#log = log;
  }

  /** The number of the line that holds the byte at `cursor`. */
  async lineAt(cursor: number, signal: AbortSignal): Promise<LinePlace> {
    const to = Math.min(cursor, this.#log.end);
    const block = Math.floor(to / BLOCK);
    await this.#reach((reached) => reached >= block, signal);
    let newlines = this.#before[block] ?? 0;
    for await (const { bytes } of this.#pieces(block * BLOCK, to, signal)) newlines += newlinesIn(bytes);
    return { line: newlines + 1, cursor };
  }

  /** Where line `line` begins; where the last one does, when there are fewer. */
  async cursorOf(line: number, signal: AbortSignal): Promise<LinePlace> {
    const newlines = line - 1;
    await this.#reach((_, found) => found >= newlines, signal);
    const after = this.#before.findIndex((before) => before >= newlines);
    const block = Math.max(0, (after === -1 ? this.#before.length : after) - 1);
    let found = this.#before[block] ?? 0;
    let place: LinePlace = { line: found + 1, cursor: block === 0 ? 0 : await this.#lineBegin(block * BLOCK, signal) };
    for await (const { bytes, to } of this.#pieces(block * BLOCK, this.#log.end, signal)) {
      for (let at = bytes.indexOf(NEWLINE); at !== -1 && found < newlines; at = bytes.indexOf(NEWLINE, at + 1)) {
        const cursor = to - bytes.length + at + 1;
        // Behind the last newline no line begins until something is printed.
        if (cursor >= this.#log.end) return place;
        found += 1;
        place = { line: found + 1, cursor };
      }
      if (found >= newlines) break;
    }
    return place;
  }

  /** Where the line that holds the byte at `cursor` begins. */
  async #lineBegin(cursor: number, signal: AbortSignal): Promise<number> {
    for (let end = cursor; end > 0; end = Math.max(0, end - STEP)) {
      let begin = -1;
      for await (const { bytes, to } of this.#pieces(Math.max(0, end - STEP), end, signal)) {
        const at = bytes.lastIndexOf(NEWLINE);
        if (at !== -1) begin = to - bytes.length + at + 1;
      }
      if (begin !== -1) return begin;
    }
    return 0;
  }

  /** Counts whole blocks on, one caller at a time, until `enough` says so or no whole block is left. */
  async #reach(enough: (blocks: number, newlines: number) => boolean, signal: AbortSignal): Promise<void> {
    const counted = this.#counting.then(async () => {
      for (;;) {
        signal.throwIfAborted();
        const block = this.#before.length - 1;
        const newlines = this.#before[block] ?? 0;
        if (enough(block, newlines) || (block + 1) * BLOCK > this.#log.end) return;
        let more = 0;
        for await (const { bytes } of this.#pieces(block * BLOCK, (block + 1) * BLOCK, signal)) more += newlinesIn(bytes);
        signal.throwIfAborted();
        this.#before.push(newlines + more);
      }
    });
    this.#counting = counted.catch(() => undefined);
    await counted;
  }

  /** The output from a cursor to before another. What is damaged has no lines. */
  async *#pieces(from: number, to: number, signal: AbortSignal): AsyncGenerator<{ bytes: Uint8Array; to: number }, void, undefined> {
    for (let at = from; at < to && !signal.aborted; ) {
      const chunks = await this.#log.read(at, Math.min(STEP, to - at)).catch((error: unknown) => {
        if (error instanceof DamagedOutput) return error.to ?? to;
        throw error;
      });
      if (typeof chunks === 'number') {
        at = chunks;
        continue;
      }
      const last = chunks.at(-1);
      if (last === undefined) return;
      for (const { bytes, to: end } of chunks) {
        const over = Math.max(0, end - to);
        yield { bytes: bytes.subarray(0, bytes.length - over), to: end - over };
      }
      at = last.to;
    }
  }
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count += 1;
  return count;
}
