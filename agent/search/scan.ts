import { DamagedOutput } from '../logs/damaged.ts';
import type { Matcher } from './needle.ts';
import type { Pace } from './pace.ts';
import { type Stretch, VisibleBytes } from './visible-bytes.ts';

/** A run's output, as far as a search needs it. */
export interface ScannedLog {
  /** The first cursor that is still kept, and the last. */
  readonly start: number;
  readonly end: number;
  /** @param into memory for what is read, which the chunks may lie in. */
  read(from: number, maxBytes: number, into?: Buffer): Promise<ScannedChunk[]>;
}

export interface ScannedChunk {
  stream: Stream;
  bytes: Uint8Array;
  from: number;
  to: number;
}

export type Stream = 'stdout' | 'stderr';

/** Where the needle stands: cursors of the merged stream. */
export interface Hit {
  stream: Stream;
  from: number;
  to: number;
}

/** The result of one read: at most `most` hits, in order, and how far it got. */
export interface Step {
  hits: Hit[];
  bytes: number;
  cursor: number;
}

/** After a hit, the rest of its line is not looked at, but at most so many bytes of it. */
const LINE_BYTES = 400;

/**
 * Looks through a run's output from a cursor to its present end, a read at a time. The two streams are searched apart:
 * a line of one stays whole where the other interrupts it. One hit a line. Nothing but the end of the last read is kept.
 * @param most hits of one step. @param signal ends it at once.
 */
export async function* scan(
  log: ScannedLog,
  needle: Matcher,
  from: number,
  most: number,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Step, void, undefined> {
  let lanes = lanesOf(needle);
  let memory = Buffer.alloc(0);
  const { end } = log;
  const inOrder = (hits: readonly Hit[]): Hit[] =>
    hits
      .filter((hit) => hit.from >= from)
      .sort((a, b) => a.from - b.from)
      .slice(0, most);
  // The line that holds `from` is looked through from its begin on.
  const lead = needle.byLine ? needle.maxBytes : 0;
  for (let at = Math.max(from - lead, log.start); at < end && !signal.aborted; ) {
    const wanted = Math.min(pace.bytes, end - at);
    // One piece for all reads: collecting new memory for each kept the agent from a cancel for longer than the search did.
    if (memory.length < wanted) memory = Buffer.allocUnsafeSlow(pace.bytes);
    const chunks = await log.read(at, wanted, memory).catch((error: unknown) => {
      if (error instanceof DamagedOutput && error.to !== null) return error.to;
      throw error;
    });
    if (typeof chunks === 'number') {
      // A damaged part is left out, and the text before it does not join the text that follows.
      at = chunks;
      lanes = lanesOf(needle);
      continue;
    }
    const last = chunks.at(-1);
    if (last === undefined || signal.aborted) return;
    const hits = await pace.step(() => {
      for (const lane of [lanes.stdout, lanes.stderr]) lane.take(chunks.filter((chunk) => chunk.stream === lane.stream));
      return inOrder([...lanes.stdout.hits(most), ...lanes.stderr.hits(most)]);
    });
    if (signal.aborted) return;
    yield { hits, bytes: last.to - at, cursor: last.to };
    at = last.to;
  }
  if (signal.aborted || !needle.byLine) return;
  // The last lines, which have no end.
  const hits = inOrder([...lanes.stdout.rest(most), ...lanes.stderr.rest(most)]);
  if (hits.length > 0) yield { hits, bytes: 0, cursor: end };
}

function lanesOf(needle: Matcher): { stdout: Lane; stderr: Lane } {
  return { stdout: new Lane('stdout', needle), stderr: new Lane('stderr', needle) };
}

/** For the bytes of one text, as long as it is made: no search waits meanwhile. */
let scratch = Buffer.alloc(0);

/** The bytes as one text, a character each. Joined as bytes: two long strings would be copied once more when they are searched. */
function joined(pieces: readonly Uint8Array[], length: number): string {
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) {
    scratch.set(piece, at);
    at += piece.length;
  }
  return scratch.toString('latin1', 0, length);
}

/**
 * One of the two streams: what somebody reads of it, without the sequences that only a terminal understands: what was read
 * last, and the end of what came before, where a hit may have begun.
 */
class Lane {
  readonly stream: Stream;
  readonly #needle: Matcher;
  readonly #visible = new VisibleBytes();
  #text = '';
  /** Where stretches of the text begin, and at which cursor. */
  #places: Stretch[] = [];
  #searched = 0;
  /** What may be looked through: all, or the lines that have ended. */
  #until = 0;

  constructor(stream: Stream, needle: Matcher) {
    this.stream = stream;
    this.#needle = needle;
  }

  take(chunks: readonly ScannedChunk[]): void {
    if (chunks.length === 0) return;
    const begin = Math.max(this.#searched, this.#text.length - (this.#needle.maxBytes - 1));
    // What stands before says whether a line begins here.
    const kept = this.#needle.byLine ? Math.max(0, begin - 1) : begin;
    this.#searched = begin - kept;
    this.#places = this.#placesFrom(kept);
    const pieces: Uint8Array[] = kept < this.#text.length ? [Buffer.from(this.#text.slice(kept), 'latin1')] : [];
    let length = this.#text.length - kept;
    for (const { bytes, from } of chunks) {
      const { visible, stretches } = this.#visible.read(bytes, from);
      for (const stretch of stretches) this.#places.push({ at: length + stretch.at, from: stretch.from });
      pieces.push(visible);
      length += visible.length;
    }
    this.#text = joined(pieces, length);
    this.#until = this.#text.length;
    if (!this.#needle.byLine) return;
    const ended = Math.max(this.#text.lastIndexOf('\n'), this.#text.lastIndexOf('\r')) + 1;
    this.#until = Math.max(ended, this.#text.length - this.#needle.maxBytes + 1);
  }

  /** Hits in a last line that has no end. */
  rest(most: number): Hit[] {
    this.#until = this.#text.length;
    return this.hits(most);
  }

  hits(most: number): Hit[] {
    const hits: Hit[] = [];
    while (hits.length < most) {
      if (this.#searched >= this.#until) break;
      const looked = this.#until === this.#text.length ? this.#text : this.#text.slice(0, this.#until);
      const found = this.#needle.findBytes(looked, this.#searched);
      if (found === null) {
        if (this.#needle.byLine) this.#searched = this.#until;
        break;
      }
      hits.push({ stream: this.stream, from: this.#cursorAt(found.at), to: this.#cursorAt(found.end - 1) + 1 });
      const lineEnd = this.#text.indexOf('\n', found.end);
      this.#searched = Math.min(lineEnd === -1 ? this.#text.length : lineEnd + 1, found.end + LINE_BYTES);
    }
    return hits;
  }

  #cursorAt(at: number): number {
    const place = this.#places[this.#placeOf(at)];
    return place === undefined ? 0 : place.from + at - place.at;
  }

  #placeOf(at: number): number {
    let low = 0;
    let high = this.#places.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#places[middle]?.at ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The places of what is kept, counted from there. */
  #placesFrom(kept: number): Stretch[] {
    if (kept >= this.#text.length) return [];
    const from = this.#cursorAt(kept);
    const later = this.#places.slice(this.#placeOf(kept) + 1);
    return [{ at: 0, from }, ...later.map((place) => ({ at: place.at - kept, from: place.from }))];
  }
}
