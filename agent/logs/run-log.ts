import { incompleteTail } from '../../shared/utf8.ts';
import type { ByteSource } from './byte-source.ts';
import { isMissing } from './byte-source.ts';
import type { Chunk } from './chunk.ts';
import { DamagedOutput } from './damaged.ts';
import { LogFiles } from './log-files.ts';
import type { OrderRecord } from './order.ts';
import { NOTHING, OrderIndex } from './order.ts';

/** A piece of one file that a read fetches. */
interface Piece {
  stream: 'stdout' | 'stderr';
  /** Where it begins in its file. */
  at: number;
  from: number;
  to: number;
}

/** The pieces that one read fetches, in order. */
interface Plan {
  pieces: Piece[];
  /** True when the last piece was cut by the read's limit. */
  cut: boolean;
}

/** The smallest read that always gets on: a character has at most 4 bytes. */
const MIN_READ = 4;

/**
 * A run's output as one stream that is addressed by cursor. No output stays in memory: every read goes to the files, through an
 * index of which a few pages are cached. One writer (the tailer) lets the log grow, and any number of readers read.
 */
export class RunLog {
  readonly #files: LogFiles;
  readonly #index = new OrderIndex();
  readonly #listeners = new Set<() => void>();
  #records: number;
  #last: OrderRecord;
  #finished: boolean;

  /** @param folder the run's; it may not exist (a run that never started): then the log is empty. */
  constructor(folder: string, finished: boolean) {
    this.#files = new LogFiles(folder);
    this.#finished = finished;
    const fd = this.#order();
    this.#records = fd === null ? 0 : OrderIndex.count(fd);
    this.#last = fd === null ? NOTHING : this.#index.at(fd, this.#records - 1);
  }

  /** The first cursor that is still kept. */
  get start(): number {
    return 0;
  }

  /** How many merged bytes can be read. */
  get end(): number {
    return this.#last.mergedEnd;
  }

  /** True when no more will come. */
  get finished(): boolean {
    return this.#finished;
  }

  /** How many records there are, and the last one: the writer goes on there. */
  get committed(): { records: number; last: OrderRecord } {
    return { records: this.#records, last: this.#last };
  }

  /** For the writer: these records are in the order file now. */
  grow(records: readonly OrderRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    this.#records += records.length;
    this.#last = last;
    this.#announce();
  }

  /** For the writer: nothing more will come. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#announce();
    this.#listeners.clear();
  }

  /** Does somebody follow or read the log, or has somebody read it a moment ago? */
  get inUse(): boolean {
    return this.#listeners.size > 0 || this.#files.open;
  }

  /** Calls back when there is more to read, and when the log is finished. @returns stops that. */
  onGrow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads from a cursor on, in order. Chunks end between characters. Empty when there is nothing (yet), when the files are
   * gone, and where they are damaged. A limit below 4 counts as 4, so that a read always gets past a character.
   */
  readSync(from: number, maxBytes: number): Chunk[] {
    const read = (): Chunk[] =>
      this.#cutUp(this.#plan(from, maxBytes), (stream, at, length) => this.#sourceOf(stream).readSync(at, length));
    return this.#unlessGone(read, []);
  }

  /**
   * Reads as readSync does, without blocking on the disk.
   * @param into memory that the chunks may lie in instead of new one. @throws DamagedOutput where the first byte can't be read.
   */
  async read(from: number, maxBytes: number, into?: Buffer): Promise<Chunk[]> {
    const plan = this.#unlessGone(() => this.#plan(from, maxBytes), { pieces: [], cut: false });
    if (plan.pieces.length === 0) return [];
    const reading = this.#files.hold(async () => {
      const fetched = new Map<Chunk['stream'], Buffer>();
      let free = into;
      for (const stream of ['stdout', 'stderr'] as const) {
        const range = rangeOf(plan, stream);
        if (range === null) continue;
        fetched.set(stream, await this.#sourceOf(stream).read(range.at, range.length, free));
        free = free?.subarray(range.length);
      }
      const chunks = this.#cutUp(plan, (stream) => fetched.get(stream) ?? Buffer.alloc(0));
      if (chunks.length === 0) this.#refuseDamaged(plan);
      return chunks;
    });
    return reading.catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
  }

  /**
   * When the output between two cursors came: cursors with their times in milliseconds since 1970. At most `most` of them, evenly
   * taken from all that are known.
   */
  times(from: number, to: number, most: number): { cursor: number; time: number }[] {
    const order = this.#order();
    if (order === null || from >= this.end) return [];
    const first = this.#index.find(order, from, this.#records);
    const last = Math.min(this.#records - 1, this.#index.find(order, Math.max(from, to - 1), this.#records));
    const step = Math.max(1, Math.ceil((last - first + 1) / most));
    const times: { cursor: number; time: number }[] = [];
    for (let i = first; i <= last; i += step) {
      const { mergedEnd, time } = this.#index.at(order, Math.min(last, i + step - 1));
      times.push({ cursor: mergedEnd, time });
    }
    return times;
  }

  /** Closes the files until the next read. */
  closeFiles(): void {
    this.#files.close();
  }

  /** The descriptor of the order file; null when it is gone. */
  #order(): number | null {
    return this.#unlessGone(() => this.#files.order(), null);
  }

  /** What `work` brings; `otherwise` when the run's files are gone. */
  #unlessGone<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      if (isMissing(error)) return otherwise;
      throw error;
    }
  }

  #plan(from: number, maxBytes: number): Plan {
    const plan: Plan = { pieces: [], cut: false };
    if (from >= this.end) return plan;
    const order = this.#files.order();
    const until = from + Math.max(MIN_READ, maxBytes);
    let i = this.#index.find(order, from, this.#records);
    let before = this.#index.at(order, i - 1);
    let position = from;
    for (; i < this.#records && position < until; i += 1) {
      const record = this.#index.at(order, i);
      if (!follows(record, before)) {
        if (plan.pieces.length > 0) break;
        throw new DamagedOutput(from, null);
      }
      const isOut = record.outEnd > before.outEnd;
      const fileEnd = isOut ? record.outEnd : record.mergedEnd - record.outEnd;
      const to = Math.min(record.mergedEnd, until);
      plan.cut = to < record.mergedEnd;
      const last = plan.pieces.at(-1);
      const stream = isOut ? 'stdout' : 'stderr';
      if (last?.stream === stream) last.to = to;
      else plan.pieces.push({ stream, at: fileEnd - (record.mergedEnd - position), from: position, to });
      position = to;
      before = record;
    }
    return plan;
  }

  /** All pieces of a stream lie side by side in its file: one read per file fetches them, and this cuts the bytes up. */
  #cutUp(plan: Plan, fetch: (stream: Chunk['stream'], at: number, length: number) => Buffer): Chunk[] {
    const fetched = new Map<Chunk['stream'], { at: number; bytes: Buffer }>();
    for (const stream of ['stdout', 'stderr'] as const) {
      const range = rangeOf(plan, stream);
      if (range !== null) fetched.set(stream, { at: range.at, bytes: fetch(stream, range.at, range.length) });
    }
    const chunks: Chunk[] = [];
    for (const piece of plan.pieces) {
      const source = fetched.get(piece.stream);
      if (source === undefined) break;
      const bytes = source.bytes.subarray(piece.at - source.at, piece.at - source.at + piece.to - piece.from);
      if (bytes.length > 0) chunks.push({ stream: piece.stream, bytes, from: piece.from, to: piece.from + bytes.length });
      // The file is shorter than the index says: somebody cut it. Later pieces would not join on.
      if (bytes.length < piece.to - piece.from) return chunks;
    }
    const last = chunks.at(-1);
    if (plan.cut && last !== undefined) {
      const kept = last.bytes.length - incompleteTail(last.bytes);
      if (kept === 0) chunks.pop();
      last.bytes = last.bytes.subarray(0, kept);
      last.to = last.from + kept;
    }
    return chunks;
  }

  /** @throws DamagedOutput when the plan brought nothing because its first piece is damaged. */
  #refuseDamaged({ pieces: [first] }: Plan): void {
    const end = first === undefined ? null : this.#sourceOf(first.stream).pastDamage(first.at);
    if (first === undefined || end === null) return;
    // The damage is reported as far as the other stream does not come in between, however little was requested.
    const [damaged = first] = this.#plan(first.from, end - first.at).pieces;
    throw new DamagedOutput(first.from, damaged.to);
  }

  #sourceOf(stream: Chunk['stream']): ByteSource {
    const { mergedEnd, outEnd } = this.#last;
    return stream === 'stdout' ? this.#files.source('out', outEnd) : this.#files.source('err', mergedEnd - outEnd);
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Can `before` be followed by this record? Between two records only one file grows. Else the disk or a script wrote over the index. */
function follows({ mergedEnd, outEnd }: OrderRecord, before: OrderRecord): boolean {
  const [merged, out] = [mergedEnd - before.mergedEnd, outEnd - before.outEnd];
  return Number.isSafeInteger(mergedEnd) && merged >= 0 && (out === 0 || out === merged);
}

function rangeOf(plan: Plan, stream: Chunk['stream']): { at: number; length: number } | null {
  let at: number | null = null;
  let length = 0;
  for (const piece of plan.pieces) {
    if (piece.stream !== stream) continue;
    at ??= piece.at;
    length += piece.to - piece.from;
  }
  return at === null ? null : { at, length };
}
