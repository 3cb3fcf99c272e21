import { fstatSync, readSync } from 'node:fs';

/**
 * The file `order` says how a run's two files lie in its merged stream. It holds records of 24 bytes `{merged_end, out_end, time}`,
 * little-endian: each says where the stream ended after one of the files had grown. The bytes between two records belong to one
 * file. A record is written before its bytes are published, so every cursor that a viewer holds stays good.
 */
export interface OrderRecord {
  mergedEnd: number;
  outEnd: number;
  /** Milliseconds since 1970. */
  time: number;
}

export const RECORD_BYTES = 24;
export const NOTHING: OrderRecord = { mergedEnd: 0, outEnd: 0, time: 0 };

export function encodeRecords(records: readonly OrderRecord[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.length * RECORD_BYTES);
  records.forEach((record, i) => {
    bytes.writeBigUInt64LE(BigInt(record.mergedEnd), i * RECORD_BYTES);
    bytes.writeBigUInt64LE(BigInt(record.outEnd), i * RECORD_BYTES + 8);
    bytes.writeBigUInt64LE(BigInt(record.time), i * RECORD_BYTES + 16);
  });
  return bytes;
}

/** Records of one page: the file is read a page at a time. */
const PAGE_RECORDS = 170;
const PAGE_BYTES = PAGE_RECORDS * RECORD_BYTES;
/** Pages kept: a binary search in an index of a million records touches about as many. */
const MAX_PAGES = 16;

/** Reads records by number, through a few cached pages: an index of any size costs 64 KiB of memory. */
export class OrderIndex {
  readonly #pages = new Map<number, Buffer>();

  /** How many records the file holds. Half a record at its end (after a crash) does not count. */
  static count(fd: number): number {
    return Math.floor(fstatSync(fd).size / RECORD_BYTES);
  }

  /** Record `i`; record −1 is the beginning. @throws when the file is shorter than that. */
  at(fd: number, i: number): OrderRecord {
    if (i < 0) return NOTHING;
    const page = this.#page(fd, Math.floor(i / PAGE_RECORDS), i % PAGE_RECORDS);
    const at = (i % PAGE_RECORDS) * RECORD_BYTES;
    return {
      mergedEnd: Number(page.readBigUInt64LE(at)),
      outEnd: Number(page.readBigUInt64LE(at + 8)),
      time: Number(page.readBigUInt64LE(at + 16)),
    };
  }

  /** The number of the record whose bytes hold `cursor`: the first that ends after `cursor`; `count` when none does. */
  find(fd: number, cursor: number, count: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(fd, middle).mergedEnd > cursor) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Page `number`, as far as the record `within`: the last page of a live run grows, and is read again then. */
  #page(fd: number, number: number, within: number): Buffer {
    const known = this.#pages.get(number);
    if (known !== undefined && known.length >= (within + 1) * RECORD_BYTES) return known;
    const bytes = Buffer.allocUnsafe(PAGE_BYTES);
    const read = readSync(fd, bytes, 0, PAGE_BYTES, number * PAGE_BYTES);
    const page = bytes.subarray(0, read - (read % RECORD_BYTES));
    if (page.length < (within + 1) * RECORD_BYTES) throw new Error('the order file is shorter than it was');
    this.#pages.delete(number);
    this.#pages.set(number, page);
    const oldest = this.#pages.keys().next();
    if (this.#pages.size > MAX_PAGES && !oldest.done) this.#pages.delete(oldest.value);
    return page;
  }
}
