import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MAX_OUTPUT_FRAME, MAX_VIEWER_WINDOW, MIN_VIEWER_WINDOW, viewerWindow } from '../../shared/limits.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import type { Chunk } from './chunk.ts';
import { textOf } from './frame-text.ts';
import { Streams } from './streams.ts';
import type { Attachment, LogReader, OutputTransport, ViewerPort } from './viewers.ts';

const KBIT = 1000;
const MBIT = 1000 * KBIT;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A run that has printed more than anybody reads here. */
const endless: LogReader = {
  start: 0,
  end: Number.MAX_SAFE_INTEGER,
  finished: false,
  readSync: (from, maxBytes) => [chunkOf(from, maxBytes)],
  read: async (from, maxBytes) => [chunkOf(from, maxBytes)],
  onGrow: () => () => undefined,
};
const TEXT = Buffer.alloc(4 * MAX_OUTPUT_FRAME, 'x');

function chunkOf(from: number, maxBytes: number): Chunk {
  const bytes = TEXT.subarray(0, maxBytes);
  return { stream: 'stdout', bytes, from, to: from + bytes.length };
}

const carrier: OutputTransport = {
  turn: (callback) => setTimeout(callback, 0, MAX_OUTPUT_FRAME),
  publish: () => undefined,
  clear: () => undefined,
};

/** A browser behind a line with a buffer that never ends. */
class Phone implements ViewerPort {
  readonly timed = true;
  /** Bytes a millisecond. */
  rate: number;
  readonly delayMs: number;
  /** How much it takes in before it acknowledges; null: a quarter of its window. */
  readonly step: number | null;
  /** Does it look at what it owes whenever its window changes? */
  readonly looks: boolean;
  readonly windows: number[] = [];
  /** Of each frame: how long it waited for the line. */
  readonly waited: number[] = [];
  cursor = 0;
  #acked = 0;
  #freeAt = 0;
  attachment: Attachment | null = null;

  constructor(bitsPerSecond: number, delayMs: number, { step = null, looks = true }: { step?: number | null; looks?: boolean } = {}) {
    this.rate = bitsPerSecond / 8000;
    this.delayMs = delayMs;
    this.step = step;
    this.looks = looks;
  }

  watch(streams = new Streams({ log: () => endless, endFrames: () => null }, carrier)): this {
    this.windows.push(streams.windowOf(this));
    this.attachment = streams.attach('a', this, 0, { start: (_, window) => this.windows.push(window), ended: () => undefined });
    return this;
  }

  send(frame: string | Utf8Text): void {
    const now = performance.now();
    const begins = Math.max(now, this.#freeAt);
    this.waited.push(begins - now);
    this.#freeAt = begins + textOf(frame).length / this.rate;
    setTimeout(() => this.#take(JSON.parse(textOf(frame))), this.#freeAt - now + this.delayMs);
  }

  join(): void {
    throw new Error('nobody reaches the end of this run');
  }

  leave(): void {
    throw new Error('nobody was at the end of this run');
  }

  #take(frame: { type: string; window?: number; cursor?: number }): void {
    if (frame.window !== undefined) this.windows.push(frame.window);
    else this.cursor = frame.cursor ?? this.cursor;
    expect(Number.isInteger(this.cursor)).toBe(true);
    if (frame.window !== undefined && !this.looks) return;
    if (this.cursor - this.#acked < (this.step ?? (this.windows.at(-1) ?? 0) / 4)) return;
    this.#acked = this.cursor;
    const { cursor } = this;
    setTimeout(() => this.attachment?.ack(cursor), this.delayMs);
  }
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe('what waits on the way to a browser', () => {
  test.each([
    ['128 kbit/s', 128 * KBIT, 10],
    ['256 kbit/s', 256 * KBIT, 10],
    ['256 kbit/s, 300 ms each way', 256 * KBIT, 300],
    ['2 Mbit/s', 2 * MBIT, 20],
    ['2 Mbit/s, 300 ms each way', 2 * MBIT, 300],
    ['20 Mbit/s, 25 ms each way', 20 * MBIT, 25],
  ])('waits a moment, from the first byte on, and fills the line: %s', async (_what, bits, delay) => {
    const phone = new Phone(bits, delay).watch();
    await pass(5000);
    const before = phone.cursor;
    await pass(40_000);
    const use = ((phone.cursor - before) * 8) / 40 / bits;
    expect(Math.max(...phone.waited)).toBeLessThan(Math.max(600 + delay, (MIN_VIEWER_WINDOW + 2000) / phone.rate));
    expect(use).toBeGreaterThan(delay > 100 ? 0.6 : 0.8);
    phone.attachment?.detach();
  });

  test('is bounded by bytes alone on a fast line, after a few round trips', async () => {
    const phone = new Phone(400 * MBIT, 2).watch();
    await pass(200);
    expect(phone.windows).toEqual([16, 16, 32, 64, 128, 256, 512, 1024].map((kib) => kib * 1024));
    phone.attachment?.detach();
  });

  test.each([
    ['looks at what it owes when its window changes', true],
    ['acknowledges output only', false],
  ])('follows a line that becomes slow, and one that becomes fast: a client that %s', async (_what, looks) => {
    const phone = new Phone(20 * MBIT, 10, { looks }).watch();
    await pass(5000);
    phone.rate = (256 * KBIT) / 8000;
    // What was on its way before has to arrive.
    await pass(40_000);
    phone.waited.length = 0;
    await pass(20_000);
    expect(phone.waited.length).toBeGreaterThan(0);
    expect(Math.max(...phone.waited)).toBeLessThan(700);
    phone.rate = (20 * MBIT) / 8000;
    await pass(10_000);
    const before = phone.cursor;
    await pass(10_000);
    expect(((phone.cursor - before) * 8) / 10).toBeGreaterThan(15 * MBIT);
    phone.attachment?.detach();
  });

  test('does not stand still for a client that acknowledges half of the largest window at a time', async () => {
    const phone = new Phone(400 * MBIT, 2, { step: MAX_VIEWER_WINDOW / 2 }).watch();
    await pass(3000);
    const before = phone.cursor;
    await pass(1000);
    expect(((phone.cursor - before) * 8) / 400 / MBIT).toBeGreaterThan(0.9);
    phone.attachment?.detach();
  });

  test('is bounded by bytes alone where so many watch that each has a part of the largest window', async () => {
    const streams = new Streams({ log: () => endless, endFrames: () => null }, carrier);
    const phones = Array.from({ length: 40 }, () => new Phone(256 * KBIT, 10).watch(streams));
    const share = viewerWindow(phones.length);
    expect(share).toBeLessThan(MAX_VIEWER_WINDOW);
    await pass(2000);
    expect(new Set(phones.map(({ windows }) => windows.at(-1)))).toEqual(new Set([share]));
    for (const { attachment } of phones) attachment?.detach();
  });

  test('is at most its share for one that never acknowledges', async () => {
    const phone = new Phone(400 * MBIT, 2, { step: Number.POSITIVE_INFINITY }).watch();
    await pass(60_000);
    expect(phone.cursor).toBe(MAX_VIEWER_WINDOW);
    phone.attachment?.detach();
  });
});
