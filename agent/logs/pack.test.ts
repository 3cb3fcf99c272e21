import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DamagedOutput } from './damaged.ts';
import type { OrderRecord } from './order.ts';
import { encodeRecords } from './order.ts';
import { packFile } from './pack.ts';
import { BLOCK_BYTES, encodeIndex, readIndex, rebuildIndex } from './packed-index.ts';
import { PackedSource } from './packed-source.ts';
import { RunLog } from './run-log.ts';

/** Everything was written before that. */
const SOON = (): number => Date.now() + 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-pack-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A finished run's files: one line in so many on stderr, with characters of two to four bytes. @returns both, and merged. */
function makeLog(outBytes: number, errEvery = 3): { out: Buffer; err: Buffer; merged: Buffer } {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const merged: Buffer[] = [];
  const records: OrderRecord[] = [];
  let [outEnd, errEnd] = [0, 0];
  for (let i = 0; outEnd < outBytes; i += 1) {
    const text = Buffer.from(`${i} größe € 😀 ${(i * 7919) % 10_007} ${'ab'.repeat(i % 40)}\n`.repeat(1 + (i % 50)));
    const isErr = i % errEvery === 1;
    if (isErr) errEnd += text.length;
    else outEnd += text.length;
    (isErr ? err : out).push(text);
    merged.push(text);
    records.push({ mergedEnd: outEnd + errEnd, outEnd, time: i });
  }
  const whole = { out: Buffer.concat(out), err: Buffer.concat(err), merged: Buffer.concat(merged) };
  writeFileSync(join(folder, 'out'), whole.out);
  writeFileSync(join(folder, 'err'), whole.err);
  writeFileSync(join(folder, 'order'), encodeRecords(records));
  return whole;
}

async function pack(pause: () => Promise<void> = async () => undefined): Promise<string[]> {
  return [await packFile(folder, 'out', SOON(), pause), await packFile(folder, 'err', SOON(), pause)];
}

async function everything(step: number): Promise<Buffer> {
  const log = new RunLog(folder, true);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < log.end; ) {
    const chunks = await log.read(at, step);
    if (chunks.length === 0) break;
    for (const chunk of chunks) {
      expect(chunk.from).toBe(at);
      parts.push(chunk.bytes);
      at = chunk.to;
    }
  }
  log.closeFiles();
  return Buffer.concat(parts);
}

const files = (): string[] => readdirSync(folder).sort();

/** Overwrites one byte in the middle of a block's member. */
function damage(file: string, block: number): void {
  const fd = openSync(join(folder, file), 'r+');
  const { starts } = readIndex(fd);
  const at = Math.floor(((starts[block] ?? 0) + (starts[block + 1] ?? 0)) / 2);
  const byte = readFileSync(join(folder, file))[at] ?? 0;
  writeSync(fd, Buffer.from([byte ^ 0x55]), 0, 1, at);
  closeSync(fd);
}

/** Where a packed file's index begins. */
function indexIn(bytes: Buffer): number {
  return bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8, 4]), -59);
}

/** The same with an index that says the second block's length of the first, and the other way round. */
function swapped(bytes: Buffer): Buffer {
  const at = indexIn(bytes) + 16;
  const [one, two] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  expect(one).not.toBe(two);
  bytes.writeUInt32LE(two, at);
  bytes.writeUInt32LE(one, at + 4);
  return bytes;
}

/** The same with an end that says that it holds a block less. */
function shortened(bytes: Buffer): Buffer {
  const at = bytes.length - 42;
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) - BigInt(BLOCK_BYTES), at);
  return bytes;
}

/** The same with the second block's head overwritten. */
function headless(bytes: Buffer): Buffer {
  const head = bytes.indexOf(bytes.subarray(0, 10), 1);
  return bytes.fill(7, head, head + 4);
}

describe('packed output', () => {
  it('reads as the raw one did, from any cursor and in any step, and any gzip reads it', async () => {
    const { out, err, merged } = makeLog(5 * BLOCK_BYTES + 777);
    const raw = new RunLog(folder, true);
    const wanted: [number, number, unknown][] = [];
    for (let from = 0; from < merged.length; from += 49_999)
      for (const step of [4, 333, 300_000]) wanted.push([from, step, await raw.read(from, step)]);
    raw.closeFiles();
    expect(await pack()).toEqual(['packed', 'packed']);
    expect(files()).toEqual(['err.gz', 'order', 'out.gz']);
    expect(statSync(join(folder, 'out.gz')).mode & 0o777).toBe(0o600);
    const packed = new RunLog(folder, true);
    expect(packed.end).toBe(merged.length);
    for (const [from, step, chunks] of wanted) {
      expect(await packed.read(from, step)).toEqual(chunks);
      expect(packed.readSync(from, step)).toEqual(chunks);
    }
    packed.closeFiles();
    expect((await everything(100_000)).equals(merged), 'the same bytes').toBe(true);
    expect(gunzipSync(readFileSync(join(folder, 'out.gz'))).equals(out), 'the same bytes').toBe(true);
    expect(gunzipSync(readFileSync(join(folder, 'err.gz'))).equals(err), 'the same bytes').toBe(true);
    // Once more changes nothing.
    expect(await pack()).toEqual(['kept', 'kept']);
  });

  it('decodes the blocks that a read touches, and no other', async () => {
    makeLog(20 * BLOCK_BYTES);
    await pack();
    for (let block = 0; block < 20; block += 1) if (block !== 9 && block !== 10) damage('out.gz', block);
    const log = new RunLog(folder, true);
    const at = Math.floor(log.end / 2);
    expect((await log.read(at, 1000)).at(-1)?.to).toBeGreaterThan(at + 990);
    log.closeFiles();
  });

  it('keeps the last two blocks that were read, and no more', async () => {
    makeLog(8 * BLOCK_BYTES, Number.POSITIVE_INFINITY);
    await pack();
    const source = PackedSource.open(join(folder, 'out.gz'));
    for (let block = 0; block < 8; block += 1) expect((await source.read(block * BLOCK_BYTES, 10)).length).toBe(10);
    for (let block = 0; block < 8; block += 1) damage('out.gz', block);
    for (const [block, bytes] of [
      [7, 10],
      [6, 10],
      [5, 0],
      [0, 0],
    ] as const)
      expect((await source.read(block * BLOCK_BYTES, 10)).length, String(block)).toBe(bytes);
    source.close();
  });

  it('is on the disk before it has its name, and its name is before the raw file goes', async () => {
    makeLog(2 * BLOCK_BYTES);
    const probe = await open(join(folder, 'order'));
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    const seen: string[] = [];
    const { sync } = handles;
    vi.spyOn(handles, 'sync').mockImplementation(function (this: unknown) {
      seen.push(files().join(' '));
      return Reflect.apply(sync, this, []);
    });
    expect(await packFile(folder, 'out', SOON(), async () => undefined)).toBe('packed');
    expect(seen).toEqual(['.out.gz err order out', 'err order out out.gz']);
  });

  it('has an index of any length', () => {
    for (const blocks of [0, 1, 16_000, 16_001, 40_000]) {
      const lengths = Array.from({ length: blocks }, (_, i) => 30 + (i % 7));
      const indexAt = lengths.reduce((sum, length) => sum + length, 0);
      const rawBytes = Math.max(0, blocks * BLOCK_BYTES - 5);
      const fd = openSync(join(folder, 'x.gz'), 'w+');
      writeSync(fd, encodeIndex(lengths, rawBytes, 4_000_000_000), 0, undefined, indexAt);
      const { starts, ...rest } = readIndex(fd);
      expect(rest).toEqual({ rawBytes, crc: 4_000_000_000 });
      expect(starts.length).toBe(blocks + 1);
      expect([...starts.subarray(1)].map((start, i) => start - (starts[i] ?? 0))).toEqual(lengths);
      closeSync(fd);
    }
  });

  it('leaves small, incompressible, and fresh output as it is', async () => {
    writeFileSync(join(folder, 'out'), 'x'.repeat(16 * 1024 - 1));
    writeFileSync(join(folder, 'err'), crypto.getRandomValues(new Uint8Array(65_536)));
    expect(await pack()).toEqual(['kept', 'kept']);
    writeFileSync(join(folder, 'out'), 'x'.repeat(100_000));
    expect(await packFile(folder, 'out', Date.now() - 60_000, async () => undefined)).toBe('later');
    expect(files()).toEqual(['err', 'out']);
  });

  it('leaves output as it is that somebody writes to meanwhile', async () => {
    makeLog(2 * BLOCK_BYTES);
    utimesSync(join(folder, 'out'), 1, 1);
    const outcome = await packFile(folder, 'out', Date.now() - 60_000, async () => appendFileSync(join(folder, 'out'), 'more'));
    expect(outcome).toBe('later');
    expect(files()).toEqual(['err', 'order', 'out']);
  });

  it('does not disturb who reads the raw file', async () => {
    const { merged } = makeLog(3 * BLOCK_BYTES);
    const log = new RunLog(folder, true);
    await log.read(0, 10);
    await pack();
    const [first] = await log.read(merged.length - 10, 10);
    expect(Buffer.from(first?.bytes ?? [])).toEqual(merged.subarray(-10));
    expect(log.inUse).toBe(true);
    log.closeFiles();
    expect(log.inUse).toBe(false);
    expect(Buffer.from((await log.read(merged.length - 10, 10))[0]?.bytes ?? [])).toEqual(merged.subarray(-10));
    log.closeFiles();
  });

  it.each(['ends', 'has no room', 'can’t be read back'])('leaves the raw file when the work %s', async (how) => {
    const { merged } = makeLog(12 * BLOCK_BYTES);
    const probe = await open(join(folder, 'order'));
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    if (how === 'has no room') {
      let writes = 0;
      const { writeFile } = handles;
      vi.spyOn(handles, 'writeFile').mockImplementation(async function (this: unknown, ...values: unknown[]) {
        writes += 1;
        if (writes === 2) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        return Reflect.apply(writeFile, this, values);
      });
    }
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
      if (how === 'ends' && pauses === 2) throw new Error('ended');
      if (how === 'can’t be read back' && pauses === 3) damage('.out.gz', 11);
    };
    await expect(packFile(folder, 'out', SOON(), pause)).rejects.toThrow();
    expect(files()).toEqual(['err', 'order', 'out']);
    expect((await everything(100_000)).equals(merged), 'the same bytes').toBe(true);
  });
});

describe('packed output that is damaged', () => {
  it('says which part can’t be read, and gives the rest', async () => {
    const { out } = makeLog(0);
    writeFileSync(join(folder, 'out'), Buffer.concat([out, Buffer.alloc(6 * BLOCK_BYTES, 'line of text\n')]));
    const size = out.length + 6 * BLOCK_BYTES;
    writeFileSync(join(folder, 'order'), encodeRecords([{ mergedEnd: size, outEnd: size, time: 1 }]));
    await packFile(folder, 'out', SOON(), async () => undefined);
    damage('out.gz', 2);
    const log = new RunLog(folder, true);
    const [before] = await log.read(0, 10 * BLOCK_BYTES);
    expect(before?.to).toBe(2 * BLOCK_BYTES);
    const error = await log.read(2 * BLOCK_BYTES + 10, 1000).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DamagedOutput);
    expect(error).toMatchObject({
      code: 'internal',
      from: 2 * BLOCK_BYTES + 10,
      to: 3 * BLOCK_BYTES,
      message: expect.stringContaining('A part of'),
    });
    expect(log.readSync(2 * BLOCK_BYTES, 1000)).toEqual([]);
    const [after] = await log.read(3 * BLOCK_BYTES, 10 * BLOCK_BYTES);
    expect(after?.to).toBe(size);
    log.closeFiles();
  });

  it('gives all of the other stream, where the two lie between each other', async () => {
    const { out, err } = makeLog(6 * BLOCK_BYTES);
    await pack();
    damage('out.gz', 2);
    const log = new RunLog(folder, true);
    const found: Record<string, Uint8Array[]> = { stdout: [], stderr: [] };
    for (let at = 0; at < log.end; ) {
      const chunks = await log.read(at, 50_000).catch((error: unknown) => {
        if (!(error instanceof DamagedOutput) || error.to === null) throw error;
        return error.to;
      });
      if (typeof chunks === 'number') at = chunks;
      else for (const chunk of chunks) [at] = [chunk.to, found[chunk.stream]?.push(chunk.bytes)];
    }
    log.closeFiles();
    expect(Buffer.concat(found['stderr'] ?? []).equals(err), 'the same bytes').toBe(true);
    expect(
      Buffer.concat(found['stdout'] ?? []).equals(Buffer.concat([out.subarray(0, 2 * BLOCK_BYTES), out.subarray(3 * BLOCK_BYTES)])),
      'the same bytes',
    ).toBe(true);
  });

  it('never passes for whole: an index that says other lengths, and blocks that hold less or more than theirs', async () => {
    const { out } = makeLog(3 * BLOCK_BYTES, Number.POSITIVE_INFINITY);
    const blocks = [0, 1, 2, 3].map((i) => out.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    const write = (members: readonly Buffer[], lengths = members.map(({ length }) => length)): void =>
      writeFileSync(join(folder, 'x.gz'), Buffer.concat([...members, encodeIndex(lengths, out.length, crc32(out))]));
    const read = async (): Promise<Buffer> => {
      const source = PackedSource.open(join(folder, 'x.gz'));
      return source.read(0, out.length).finally(() => source.close());
    };
    const members = blocks.map((block) => gzipSync(block));
    write(members);
    expect((await read()).equals(out), 'the same bytes').toBe(true);
    for (const wrong of [blocks[1]?.subarray(5), Buffer.concat([blocks[1] ?? out, Buffer.from('more')])]) {
      write(members.map((member, i) => (i === 1 ? gzipSync(wrong ?? out) : member)));
      expect((await read()).length).toBe(BLOCK_BYTES);
    }
    // Each byte of it in turn.
    write(members);
    const intact = readFileSync(join(folder, 'x.gz'));
    const index = members.reduce((sum, { length }) => sum + length, 0);
    for (let at = index; at < intact.length; at += 1) {
      const bytes = Buffer.from(intact);
      bytes[at] = (bytes[at] ?? 0) ^ 0x11;
      writeFileSync(join(folder, 'x.gz'), bytes);
      const got = await read().catch((error: unknown) => error);
      const whole = Buffer.isBuffer(got) && out.subarray(0, got.length).equals(got);
      expect(whole || got instanceof DamagedOutput, `byte ${at - index} → ${String(got).slice(0, 200)}`).toBe(true);
    }
  });

  it.each([
    ['a wrong index', (bytes: Buffer) => bytes.fill(7, bytes.length - 100, bytes.length - 60)],
    ['a wrong end', (bytes: Buffer) => bytes.fill(7, bytes.length - 20)],
    ['no end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 58)],
    ['more than its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more')])],
    ['zeros in place of its index', (bytes: Buffer) => bytes.fill(0, indexIn(bytes))],
    ['two lengths that have changed places', swapped],
    ['an end that says a block less', shortened],
  ])('is read by its blocks: %s', async (_what, change) => {
    const { merged } = makeLog(9 * BLOCK_BYTES);
    await pack();
    for (const file of ['out.gz', 'err.gz']) writeFileSync(join(folder, file), change(readFileSync(join(folder, file))));
    expect((await everything(100_000)).equals(merged), 'the same bytes').toBe(true);
  });

  it.each([
    ['a wrong index, and a block without its head', (bytes: Buffer) => headless(bytes).fill(7, bytes.length - 20)],
    ['a wrong end, and its first bytes', (bytes: Buffer) => bytes.fill(7, 0, 4).fill(7, bytes.length - 20)],
    ['half of it', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['nothing in it', (bytes: Buffer) => bytes.subarray(0, 0)],
  ])('is refused in words: %s', async (_what, change) => {
    makeLog(2 * BLOCK_BYTES);
    await pack();
    writeFileSync(join(folder, 'out.gz'), change(readFileSync(join(folder, 'out.gz'))));
    const before = readdirSync('/proc/self/fd').length;
    const log = new RunLog(folder, true);
    await expect(log.read(log.end - 1000, 1000)).rejects.toMatchObject({
      to: null,
      message: expect.stringContaining('damaged on the host'),
    });
    log.closeFiles();
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});

describe('an index made again', () => {
  const BORDER = 1024 * 1024;
  const BLOCK = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const INDEX = Buffer.from([0x1f, 0x8b, 8, 4]);

  /** What is found in a file of nothing but these heads. */
  function found(blocks: readonly number[], index: number | null, rawBytes = blocks.length * BLOCK_BYTES): number[] {
    const bytes = Buffer.alloc(BORDER + 100, 0xaa);
    for (const at of blocks) BLOCK.copy(bytes, at);
    if (index !== null) INDEX.copy(bytes, index);
    writeFileSync(join(folder, 'x.gz'), bytes);
    const fd = openSync(join(folder, 'x.gz'), 'r');
    try {
      return [...rebuildIndex(fd, rawBytes).starts];
    } finally {
      closeSync(fd);
    }
  }

  it('finds heads on every border of its reads', () => {
    for (let at = BORDER - 12; at <= BORDER + 2; at += 1) {
      expect(found([0, 500, at], at + 20), String(at)).toEqual([0, 500, at, at + 20]);
      expect(found([0, 500], at), String(at)).toEqual([0, 500, at]);
    }
    // In the middle of a block it is chance, and at its end it may be gone.
    expect(found([0, 500, 900], 700)).toEqual([0, 500, 900, BORDER + 100]);
    expect(found([0, 500, BORDER + 20], 700)).toEqual([0, 500, BORDER + 20, BORDER + 100]);
    expect(found([0, 500], null)).toEqual([0, 500, BORDER + 100]);
  });

  it('is none where a head is missing, or one too many', () => {
    expect(() => found([0, 500], 900, 3 * BLOCK_BYTES)).toThrow('not as many');
    expect(() => found([0, 500], 900, BLOCK_BYTES)).toThrow('not as many');
    expect(() => found([3, 500], 900)).toThrow('not as many');
  });
});

describe('kill -9 before any step of the packing', () => {
  it('leaves output that reads the same, and the next try finishes it', async () => {
    const { merged } = makeLog(5 * BLOCK_BYTES, 50);
    const [out, err] = [readFileSync(join(folder, 'out')), readFileSync(join(folder, 'err'))];
    const seen = new Set<string>();
    for (let step = 1; ; step += 1) {
      const { signal, status, stderr } = spawnSync(
        process.execPath,
        ['--no-warnings', fileURLToPath(import.meta.resolve('./packing-process.ts')), folder, String(step)],
        { encoding: 'utf8' },
      );
      expect((await everything(200_000)).equals(merged), `killed before step ${step}`).toBe(true);
      seen.add(files().join(' '));
      if (signal === null) {
        expect(status, stderr).toBe(0);
        break;
      }
      expect(signal).toBe('SIGKILL');
      if (step % 2 === 0) {
        // The next agent begins again where it can.
        await pack();
        expect(files()).toEqual(['err', 'order', 'out.gz']);
        expect((await everything(200_000)).equals(merged), 'the same bytes').toBe(true);
      }
      for (const name of files()) if (name !== 'order') rmSync(join(folder, name));
      writeFileSync(join(folder, 'out'), out);
      writeFileSync(join(folder, 'err'), err);
    }
    // Every form that there is was met.
    for (const form of ['err order out', '.out.gz err order out', 'err order out out.gz', 'err order out.gz'])
      expect([...seen]).toContain(form);
    expect(existsSync(join(folder, 'out')), 'out').toBe(false);
  }, 120_000);
});
