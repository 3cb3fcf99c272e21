import type { FSWatcher } from 'node:fs';
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import { incompleteTail } from '../../shared/utf8.ts';
import type { OrderRecord } from './order.ts';
import { encodeRecords, RECORD_BYTES } from './order.ts';
import type { RunLog } from './run-log.ts';

/** Above so many wakes in a second, a run is polled: at 50,000 writes/s events cost 18.5 % of a CPU, this poll 8 %. */
const FLOOD_WAKES_PER_S = 200;
const POLL_MS = 16;
/** After so many polls without news the run is watched again. */
const QUIET_POLLS = 30;
/** How often a run is looked at when it can't be watched (out of inotify watches). */
const UNWATCHED_POLL_MS = 100;
const STATUS_BYTES = 4096;

type FileName = 'out' | 'err' | 'order' | 'status';

/**
 * Follows the files of one live run: turns growth into order records, tells the log, and reports each change of `status`.
 * It holds four descriptors, and no output. `poke` looks now; whoever owns many tailers calls it once a second too, for
 * the case that an event was lost.
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
  #status = '';
  #wakes = 0;
  #wakesSince = 0;
  #quiet = 0;
  #grewAt = Date.now();
  #troubled = false;

  /**
   * @param onError is told once when a file can't be read or written; the next look tries again.
   * @throws when a file is missing: make them first.
   */
  constructor(folder: string, log: RunLog, onStatus: (text: string) => void, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#log = log;
    this.#onStatus = onStatus;
    this.#onError = onError;
    this.#fds = openFiles(folder);
    const { last } = log.committed;
    this.#outEnd = last.outEnd;
    this.#errEnd = last.mergedEnd - last.outEnd;
    this.#watch();
  }

  /** When output last grew, in ms since 1970. */
  get grewAt(): number {
    return this.#grewAt;
  }

  /** Looks at all files now. */
  poke(): void {
    if (this.#closed) return;
    this.#guarded(() => {
      this.#take(false);
      this.#readStatus();
    });
  }

  /** Takes what the files hold, half characters too, and stops. Further growth is not ours: the run has ended. */
  finish(): void {
    if (this.#closed) return;
    this.#guarded(() => this.#take(true));
    this.close();
  }

  /** Stops without taking anything more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher?.close();
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const fd of Object.values(this.#fds)) closeSync(fd);
  }

  /** It runs in timers and watchers: what it threw would end the agent. */
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
      // One watch on the folder: it needs no descriptor of its own, and tells of all files.
      this.#watcher = watch(this.#folder, { persistent: false }, (_event, name) => this.#wake(name));
      this.#watcher.on('error', () => this.#startPoll(UNWATCHED_POLL_MS));
    } catch {
      this.#startPoll(UNWATCHED_POLL_MS);
    }
  }

  #wake(name: string | null): void {
    // Our own records make events too.
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
        // What was written between the last poll and the watch made no event.
        this.poke();
      }
    }, everyMs);
    this.#poll.unref();
  }

  #stopPoll(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
  }

  /** Growth of `out`, then of `err`: between two looks nobody knows which came first. */
  #take(whole: boolean): void {
    const out = this.#grown('out', this.#outEnd, whole);
    const err = this.#grown('err', this.#errEnd, whole);
    if (out === this.#outEnd && err === this.#errEnd) return;
    const time = Date.now();
    const records: OrderRecord[] = [];
    if (out > this.#outEnd) records.push({ mergedEnd: out + this.#errEnd, outEnd: out, time });
    if (err > this.#errEnd) records.push({ mergedEnd: out + err, outEnd: out, time });
    // Not appended but put in place: half a record of a failed write (disk full) is overwritten by the next try.
    const bytes = encodeRecords(records);
    if (writeSync(this.#fds.order, bytes, 0, bytes.length, this.#log.committed.records * RECORD_BYTES) < bytes.length) return;
    this.#outEnd = out;
    this.#errEnd = err;
    this.#grewAt = time;
    this.#log.grow(records);
  }

  /** Where a stream can be published up to: its size, without the beginning of a character that is not complete yet. */
  #grown(file: 'out' | 'err', from: number, whole: boolean): number {
    const size = fstatSync(this.#fds[file]).size;
    if (size <= from) return from;
    if (whole) return size;
    const start = Math.max(from, size - 3);
    const read = readSync(this.#fds[file], tail, 0, size - start, start);
    return start + read - incompleteTail(tail, 0, read);
  }

  #readStatus(): void {
    const read = readSync(this.#fds.status, statusBytes, 0, STATUS_BYTES, 0);
    const text = statusBytes.toString('latin1', 0, read).replace(/ +$/, '');
    if (text === this.#status) return;
    this.#status = text;
    this.#onStatus(text);
  }
}

/** Used within one synchronous stretch each: no need for one per run. */
const tail = Buffer.alloc(4);
const statusBytes = Buffer.alloc(STATUS_BYTES);

function openFiles(folder: string): Record<FileName, number> {
  const opened: number[] = [];
  const open = (name: FileName, flags: string): number => {
    const fd = openSync(join(folder, name), flags);
    opened.push(fd);
    return fd;
  };
  try {
    return { out: open('out', 'r'), err: open('err', 'r'), status: open('status', 'r'), order: open('order', 'r+') };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}

/**
 * Brings an order file into agreement with what the disk still holds, after a crash: half a record is cut off, and so is
 * every record that speaks of bytes which a power loss took. Call it before the log is opened. Without files there is
 * nothing to mend.
 */
export function mendOrder(folder: string): void {
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
      // A block that never reached the disk reads as zeros.
      if (mergedEnd > 0 && outEnd <= out && mergedEnd - outEnd <= err) break;
    }
    ftruncateSync(fds.order, count * RECORD_BYTES);
  } finally {
    for (const fd of Object.values(fds)) closeSync(fd);
  }
}
