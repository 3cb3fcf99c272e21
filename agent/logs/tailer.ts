import type { FSWatcher } from 'node:fs';
import { closeSync, existsSync, fstatSync, ftruncateSync, readSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import { incompleteTail } from '../../shared/utf8.ts';
import type { OrderRecord } from './order.ts';
import { encodeRecords, RECORD_BYTES } from './order.ts';
import { openRegular } from './regular-file.ts';
import type { RunLog } from './run-log.ts';
import type { Stream } from './switches.ts';
import { Switches } from './switches.ts';

/** A run with more wakes than this in a second is polled: at 50,000 writes/s events cost 18.5 % of a CPU, the poll 8 %. */
const FLOOD_WAKES_PER_S = 200;
const POLL_MS = 16;
/** After so many polls without news the run is watched again. */
const QUIET_POLLS = 30;
/** How often a run is looked at when it can't be watched (out of inotify watches). */
const UNWATCHED_POLL_MS = 100;
const STATUS_BYTES = 4096;

/** The mark that ends a stream is searched in so many bytes at a time. */
const SEARCH_BYTES = 64 * 1024;

/** Written into the status when the marks are gone, near the end of its reserved bytes. */
const SETTLED = '\nsettled\n';
const SETTLED_AT = 1000;

type FileName = Stream | 'order' | 'status';

/**
 * Follows the files of one live run: turns growth into order records, tells the log, and reports each change of `status`.
 * A tailer holds four descriptors, and no output. `poke` reads the files now; the owner of many tailers calls it once a second, too,
 * in case an event was lost.
 */
export class Tailer {
  readonly #folder: string;
  readonly #log: RunLog;
  readonly #onStatus: (text: string) => void;
  readonly #onError: (error: unknown) => void;
  readonly #fds: Record<FileName, number>;
  #outEnd: number;
  #errEnd: number;
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | null = null;
  #scheduled = false;
  #closed = false;
  #released = false;
  #status = '';
  #wakes = 0;
  #wakesSince = 0;
  #quiet = 0;
  #grewAt = Date.now();
  #troubled = false;
  #mark: Buffer | null = null;
  /** Where the mark stands in each stream, once seen. */
  readonly #ends: { out: number | null; err: number | null } = { out: null, err: null };
  /** How far each stream is known to hold none of it. */
  readonly #clear: { out: number | null; err: number | null } = { out: null, err: null };
  #limit = Number.POSITIVE_INFINITY;
  #full: readonly Stream[] = [];
  readonly #switches: Switches;

  /**
   * @param onError is called once when a file can't be read or written; the next look tries again.
   * @throws when a file is missing: make them first.
   */
  constructor(folder: string, log: RunLog, onStatus: (text: string) => void, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#log = log;
    this.#onStatus = onStatus;
    this.#onError = onError;
    this.#fds = openFiles(folder);
    this.#switches = new Switches(folder);
    const { last } = log.committed;
    this.#outEnd = last.outEnd;
    this.#errEnd = last.mergedEnd - last.outEnd;
    this.#watch();
  }

  /** When output last grew, in ms since 1970. */
  get grewAt(): number {
    return this.#grewAt;
  }

  /**
   * From now on each stream ends where this mark stands in it, and the mark is not shown. Bytes after the mark are never published:
   * a look takes the sizes first, then reads the status, then publishes.
   */
  endAtMark(mark: Buffer): void {
    this.#mark ??= mark;
  }

  /** Each stream ends here: later bytes are not the run's. */
  endAt({ out, err }: { out: number; err: number }): void {
    this.#ends.out ??= out;
    this.#ends.err ??= err;
  }

  /**
   * How much is kept of each stream. Bytes beyond the limit are not published, unless the stream is among the full ones: then these
   * bytes are the note that there was more, which was written after the rest had been cut off.
   */
  keep(limit: number, full: readonly Stream[]): void {
    this.#limit = limit;
    this.#full = full;
  }

  /** The streams whose end was seen and lies beyond the limit, though not so far that their pump noticed. */
  get over(): Stream[] {
    return (['out', 'err'] as const).filter((stream) => (this.#ends[stream] ?? 0) > this.#limit && !this.#full.includes(stream));
  }

  /** The streams whose mark has not come yet. */
  get unended(): Stream[] {
    return (['out', 'err'] as const).filter((stream) => this.#ends[stream] === null);
  }

  /** Looks at all files now. */
  poke(): void {
    if (this.#closed) return;
    this.#guarded(() => {
      let sizes = this.#sizes();
      const full = this.#full.length;
      this.#readStatus();
      // A pump cuts its file before it writes into the status that the stream is full.
      if (this.#closed) return;
      if (this.#full.length > full) sizes = this.#sizes();
      this.#take(sizes, false);
    });
  }

  /**
   * Takes what the files hold, half characters too, and stops: the run has ended.
   * @param note is written after a stream of which there was more than is kept; null while somebody may still write to the files.
   * @returns cuts the files off at their marks. To be called when it is on the disk that the run has ended: an agent that takes up
   * the run before needs the marks.
   */
  finish(note: string | null = null): () => void {
    if (this.#closed) return () => undefined;
    this.#guarded(() => {
      if (note !== null) this.#cutOver(Buffer.from(note));
      this.#take(this.#sizes(), true);
    });
    this.#stop();
    return () => {
      this.#guarded(() => {
        if (note === null || this.#mark === null) return;
        writeSync(this.#fds.status, SETTLED, SETTLED_AT);
        for (const stream of ['out', 'err'] as const) this.#cut(stream);
      });
      this.close();
    };
  }

  #cutOver(note: Buffer): void {
    for (const stream of this.over) {
      this.#ends[stream] = this.#limit;
      this.#cut(stream);
      if (writeSync(this.#fds[stream], note, 0, note.length, this.#limit) === note.length) this.#ends[stream] = this.#limit + note.length;
    }
    this.#limit = Number.POSITIVE_INFINITY;
  }

  #cut(stream: Stream): void {
    const end = this.#ends[stream];
    if (end !== null && fstatSync(this.#fds[stream]).size > end) ftruncateSync(this.#fds[stream], end);
  }

  #sizes(): Record<Stream, number> {
    return { out: fstatSync(this.#fds.out).size, err: fstatSync(this.#fds.err).size };
  }

  /** Stops without taking anything more. */
  close(): void {
    this.#stop();
    if (this.#released) return;
    this.#released = true;
    this.#switches.close();
    for (const fd of Object.values(this.#fds)) closeSync(fd);
  }

  #stop(): void {
    this.#closed = true;
    this.#watcher?.close();
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  /** The work runs in timers and watchers, where an error would end the agent. */
  #guarded(work: () => void): void {
    try {
      work();
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) this.#onError(error);
      this.#troubled = true;
    }
  }

  #watch(): void {
    this.#stopPoll();
    try {
      // One watch on the folder reports all files, and needs no descriptor of its own.
      this.#watcher = watch(this.#folder, { persistent: false }, (_event, name) => this.#wake(name));
      this.#watcher.on('error', () => this.#startPoll(UNWATCHED_POLL_MS));
    } catch {
      this.#startPoll(UNWATCHED_POLL_MS);
    }
  }

  #wake(name: string | null): void {
    // The agent's own records make events, too.
    if (this.#closed || this.#scheduled || name === 'order') return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      this.poke();
      this.#countWake();
    });
  }

  #countWake(): void {
    const now = Date.now();
    if (now - this.#wakesSince >= 1000) {
      this.#wakesSince = now;
      this.#wakes = 0;
    }
    this.#wakes += 1;
    if (this.#wakes > FLOOD_WAKES_PER_S && this.#poll === null && !this.#closed) this.#startPoll(POLL_MS);
  }

  #startPoll(everyMs: number): void {
    this.#watcher?.close();
    this.#watcher = null;
    this.#quiet = 0;
    if (this.#poll !== null || this.#closed) return;
    this.#poll = setInterval(() => {
      const before = this.#log.end;
      this.poke();
      this.#quiet = this.#log.end > before ? 0 : this.#quiet + 1;
      if (this.#quiet > QUIET_POLLS && everyMs === POLL_MS && !this.#closed) {
        this.#wakes = 0;
        this.#watch();
        // Bytes that were written between the last poll and the watch made no event.
        this.poke();
      }
    }, everyMs);
    this.#poll.unref();
  }

  #stopPoll(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
  }

  /**
   * Takes growth in the order that the native runner has written down. Without that, `out` comes first, then `err`: between two looks
   * nobody knows which came first.
   */
  #take(sizes: Record<Stream, number>, toEnd: boolean): void {
    const ends = { out: this.#outEnd, err: this.#errEnd };
    const until = { out: this.#until('out', ends.out, sizes.out), err: this.#until('err', ends.err, sizes.err) };
    const time = Date.now();
    const records: OrderRecord[] = [];
    const grow = (stream: Stream, to: number): void => {
      const end = this.#wholeCharacters(stream, ends[stream], Math.min(to, until[stream]), toEnd);
      if (end <= ends[stream]) return;
      ends[stream] = end;
      records.push({ mergedEnd: ends.out + ends.err, outEnd: ends.out, time });
    };
    if (until.err > ends.err) this.#switches.open();
    for (const { stream, to } of this.#switches.stretches(until)) grow(stream, to);
    if (toEnd || !this.#switches.known) for (const stream of ['out', 'err'] as const) grow(stream, until[stream]);
    if (records.length === 0) return;
    // The records are not appended but put in place: half a record of a failed write (disk full) is overwritten by the next try.
    const bytes = encodeRecords(records);
    if (writeSync(this.#fds.order, bytes, 0, bytes.length, this.#log.committed.records * RECORD_BYTES) < bytes.length) return;
    this.#outEnd = ends.out;
    this.#errEnd = ends.err;
    this.#grewAt = time;
    this.#log.grow(records);
  }

  /** How far a stream can be published. */
  #until(file: Stream, from: number, size: number): number {
    // The pump has cut the file, because the stream is full.
    if ((this.#clear[file] ?? 0) > size) this.#clear[file] = null;
    const unseen = Math.max(from, this.#clear[file] ?? 0);
    if (this.#ends[file] === null && this.#mark !== null && size > unseen) this.#search(file, this.#mark, unseen, size);
    const limit = this.#full.includes(file) ? Number.POSITIVE_INFINITY : this.#limit;
    return Math.min(this.#ends[file] ?? this.#clear[file] ?? size, size, limit);
  }

  /** `to`, without the beginning of a character that is not complete yet. */
  #wholeCharacters(file: Stream, from: number, to: number, toEnd: boolean): number {
    if (to <= from || toEnd || this.#ends[file] === to) return to;
    const start = Math.max(from, to - 3);
    const read = readSync(this.#fds[file], tail, 0, to - start, start);
    return start + read - incompleteTail(tail, 0, read);
  }

  /** Searches the mark: notes where it stands or, when its beginning may stand at the end, how far there is nothing of it. */
  #search(file: Stream, mark: Buffer, from: number, size: number): void {
    const bytes = Buffer.allocUnsafe(Math.min(SEARCH_BYTES, size - from));
    for (let at = from; ; ) {
      const read = readSync(this.#fds[file], bytes, 0, Math.min(bytes.length, size - at), at);
      const piece = bytes.subarray(0, read);
      const found = piece.indexOf(mark);
      if (found !== -1) {
        this.#ends[file] = at + found;
        return;
      }
      let kept = Math.min(mark.length - 1, read);
      while (kept > 0 && !piece.subarray(read - kept).equals(mark.subarray(0, kept))) kept -= 1;
      at += read - kept;
      this.#clear[file] = at;
      if (at + kept >= size || read === 0 || read === kept) return;
    }
  }

  #readStatus(): void {
    const read = readSync(this.#fds.status, statusBytes, 0, STATUS_BYTES, 0);
    const text = statusBytes.toString('latin1', 0, read).replace(/ +$/, '');
    if (text === this.#status) return;
    this.#status = text;
    this.#onStatus(text);
  }
}

/** Each is used within one synchronous piece of code: all runs share them. */
const tail = Buffer.alloc(4);
const statusBytes = Buffer.alloc(STATUS_BYTES);

function openFiles(folder: string): Record<FileName, number> {
  const opened: number[] = [];
  const open = (name: FileName): number => {
    const fd = openRegular(join(folder, name), 'r+');
    opened.push(fd);
    return fd;
  };
  try {
    return { out: open('out'), err: open('err'), status: open('status'), order: open('order') };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}

/**
 * Cuts an order file to what the disk still holds after a crash: half a record goes, and so does every record of bytes that a power
 * loss took. To be called before the log is opened. Without files it does nothing.
 */
export function trimOrder(folder: string): void {
  if (!existsSync(join(folder, 'order'))) return;
  const fds = openFiles(folder);
  try {
    const out = fstatSync(fds.out).size;
    const err = fstatSync(fds.err).size;
    let count = Math.floor(fstatSync(fds.order).size / RECORD_BYTES);
    const record = Buffer.alloc(RECORD_BYTES);
    for (; count > 0; count -= 1) {
      readSync(fds.order, record, 0, RECORD_BYTES, (count - 1) * RECORD_BYTES);
      const mergedEnd = Number(record.readBigUInt64LE(0));
      const outEnd = Number(record.readBigUInt64LE(8));
      // A block of the file that never reached the disk reads as zeros.
      if (mergedEnd > 0 && outEnd <= out && mergedEnd - outEnd <= err) break;
    }
    ftruncateSync(fds.order, count * RECORD_BYTES);
  } finally {
    for (const fd of Object.values(fds)) closeSync(fd);
  }
}
