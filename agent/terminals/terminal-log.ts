import { closeSync, openSync, read as readCallback, readSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { SEGMENT_BYTES } from '../../shared/terminal-limits.ts';
import { incompleteTail } from '../../shared/utf8.ts';
import { isMissing } from '../logs/byte-source.ts';
import type { Chunk } from '../logs/chunk.ts';
import { DamagedOutput } from '../logs/damaged.ts';
import type { LogReader } from '../logs/viewers.ts';
import { firstKept, segmentFile, segmentOf } from './segments.ts';

const readAt = promisify(readCallback);

/** The smallest read that always gets on: a character has at most 4 bytes. */
const MIN_READ = 4;
/** A segment that nobody reads is closed after so long. */
const IDLE_MS = 2000;

interface Piece {
  segment: number;
  at: number;
  length: number;
}

/**
 * A terminal's log, as its viewers read it: bytes by their place in all that was ever printed, of which the last 64 MiB are there. A
 * read before them throws DamagedOutput, which viewers are told of as a gap.
 */
export class TerminalLog implements LogReader {
  readonly #folder: string;
  readonly #listeners = new Set<() => void>();
  #end: number;
  #finished: boolean;
  /** Where the first kept segment begins, between two characters. */
  #first: { segment: number; start: number } = { segment: 0, start: 0 };
  #open: { segment: number; fd: number } | null = null;
  #reading = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param end as the host tells it, or as the files say. */
  constructor(folder: string, end: number, finished: boolean) {
    this.#folder = folder;
    this.#end = end;
    this.#finished = finished;
  }

  get start(): number {
    const segment = firstKept(this.#end);
    if (segment !== this.#first.segment) this.#first = { segment, start: segment * SEGMENT_BYTES + this.#continued(segment) };
    return this.#first.start;
  }

  get end(): number {
    return this.#end;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** When its newest segment was written last, in ms since 1970; null where nothing was. */
  get writtenAt(): number | null {
    return statSync(segmentFile(this.#folder, segmentOf(Math.max(0, this.#end - 1))), { throwIfNoEntry: false })?.mtimeMs ?? null;
  }

  /** Does somebody follow it? */
  get followed(): boolean {
    return this.#listeners.size > 0;
  }

  grow(end: number): void {
    if (end <= this.#end) return;
    this.#end = end;
    this.#announce();
  }

  finish(end: number): void {
    if (this.#finished) return;
    this.#end = Math.max(this.#end, end);
    this.#finished = true;
    this.#announce();
  }

  onGrow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readSync(from: number, maxBytes: number): Chunk[] {
    try {
      const pieces = this.#plan(from, maxBytes);
      const parts = pieces.map((piece) => {
        const bytes = Buffer.allocUnsafe(piece.length);
        return bytes.subarray(0, readSync(this.#fd(piece.segment), bytes, 0, piece.length, piece.at));
      });
      return this.#chunks(from, pieces, parts);
    } catch (error) {
      if (error instanceof DamagedOutput || isMissing(error)) return [];
      throw error;
    }
  }

  /** @throws DamagedOutput for what is no longer kept. */
  async read(from: number, maxBytes: number, into?: Buffer): Promise<Chunk[]> {
    this.#reading += 1;
    try {
      const pieces = this.#plan(from, maxBytes);
      const parts: Buffer[] = [];
      let free = into;
      for (const piece of pieces) {
        const bytes = free !== undefined && free.length >= piece.length ? free.subarray(0, piece.length) : Buffer.allocUnsafe(piece.length);
        free = free?.subarray(piece.length);
        const fd = this.#fd(piece.segment);
        const { bytesRead } = await readAt(fd, bytes, 0, piece.length, piece.at);
        parts.push(bytes.subarray(0, bytesRead));
      }
      return this.#chunks(from, pieces, parts);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // The host removed it in this moment.
      if (from < this.start) throw new DamagedOutput(from, this.start);
      return [];
    } finally {
      this.#reading -= 1;
      this.#rest();
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#open !== null) closeSync(this.#open.fd);
    this.#open = null;
  }

  /** @throws DamagedOutput */
  #plan(from: number, maxBytes: number): Piece[] {
    if (from < this.start) throw new DamagedOutput(from, this.start);
    const to = Math.min(this.#end, from + Math.max(MIN_READ, maxBytes));
    const pieces: Piece[] = [];
    for (let position = from; position < to; ) {
      const segment = segmentOf(position);
      const until = Math.min(to, (segment + 1) * SEGMENT_BYTES);
      pieces.push({ segment, at: position - segment * SEGMENT_BYTES, length: until - position });
      position = until;
    }
    return pieces;
  }

  #chunks(from: number, pieces: readonly Piece[], parts: readonly Buffer[]): Chunk[] {
    const [only] = parts;
    const bytes = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
    const wanted = pieces.reduce((sum, { length }) => sum + length, 0);
    const isAll = bytes.length === wanted && from + wanted === this.#end;
    const kept = bytes.length - (isAll ? 0 : incompleteTail(bytes));
    return kept === 0 ? [] : [{ stream: 'stdout', bytes: bytes.subarray(0, kept), from, to: from + kept }];
  }

  /** How many bytes at the beginning of a segment belong to a character that began before it. */
  #continued(segment: number): number {
    if (segment === 0) return 0;
    try {
      const bytes = Buffer.alloc(3);
      const read = readSync(this.#fd(segment), bytes, 0, 3, 0);
      const first = bytes.subarray(0, read).findIndex((byte) => (byte & 0xc0) !== 0x80);
      return first < 0 ? 0 : first;
    } catch {
      return 0;
    }
  }

  #fd(segment: number): number {
    if (this.#open?.segment === segment) return this.#open.fd;
    const fd = openSync(segmentFile(this.#folder, segment), 'r');
    const before = this.#open;
    this.#open = { segment, fd };
    // One that is being read is closed by its reader's end: descriptors must not change hands under it.
    if (before !== null) this.#closeLater(before.fd);
    this.#rest();
    return fd;
  }

  readonly #left: number[] = [];
  #closeLater(fd: number): void {
    this.#left.push(fd);
    this.#closeLeft();
  }

  #closeLeft(): void {
    if (this.#reading === 0) for (const fd of this.#left.splice(0)) closeSync(fd);
  }

  #rest(): void {
    this.#closeLeft();
    if (this.#timer !== null) {
      this.#timer.refresh();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#reading > 0) this.#rest();
      else this.close();
    }, IDLE_MS);
    this.#timer.unref();
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
