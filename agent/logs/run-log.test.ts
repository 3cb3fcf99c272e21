import { appendFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DamagedOutput } from './damaged.ts';
import { RunLog } from './run-log.ts';
import { Tailer } from './tailer.ts';

let folder: string;
let log: RunLog;
let tailer: Tailer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-log-'));
  for (const file of ['out', 'err', 'order', 'status']) writeFileSync(join(folder, file), '');
  log = new RunLog(folder, false);
  tailer = new Tailer(
    folder,
    log,
    () => undefined,
    (error) => {
      throw error;
    },
  );
});
afterEach(() => {
  tailer.close();
  log.closeFiles();
  rmSync(folder, { recursive: true, force: true });
});

function write(file: 'out' | 'err', bytes: string | Uint8Array): void {
  appendFileSync(join(folder, file), bytes);
  tailer.poke();
}

function all(source: RunLog, step: number, from = 0): { text: string; ends: number[] } {
  const parts: Uint8Array[] = [];
  const ends: number[] = [];
  for (let at = from; at < source.end; ) {
    const chunks = source.readSync(at, step);
    expect(chunks.length).toBeGreaterThan(0);
    for (const chunk of chunks) {
      expect(chunk.from).toBe(at);
      expect(chunk.to - chunk.from).toBe(chunk.bytes.length);
      parts.push(chunk.bytes);
      at = chunk.to;
      ends.push(at);
    }
  }
  return { text: Buffer.concat(parts).toString('latin1'), ends };
}

/** How many folders this process watches. */
function watches(): number {
  const infos = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(join('/proc/self/fdinfo', fd), 'latin1');
    } catch {
      // The one of this very reading.
      return '';
    }
  });
  return infos.join('').split('inotify wd:').length - 1;
}

describe('a log', () => {
  it('is the merged stream, from any cursor and in any step', async () => {
    let expected = '';
    for (let i = 0; i < 500; i += 1) {
      const piece = `${i % 3 === 0 ? 'err' : 'out'} ${i};`;
      write(i % 3 === 0 ? 'err' : 'out', piece);
      expected += piece;
    }
    for (const step of [4, 7, 64, 1000, 1e6]) expect(all(log, step).text).toBe(expected);
    for (let from = 0; from < expected.length; from += 97) {
      expect(all(log, 1e6, from).text).toBe(expected.slice(from));
      const chunks = await log.read(from, 50);
      expect(Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString()).toBe(expected.slice(from, from + 50));
    }
    expect(log.readSync(log.end, 10)).toEqual([]);
    expect(log.readSync(log.end + 5, 10)).toEqual([]);
    // The same log, found on the disk.
    const again = new RunLog(folder, true);
    expect(again.end).toBe(expected.length);
    expect(all(again, 33).text).toBe(expected);
    again.closeFiles();
  });

  it('never ends a chunk within a character', () => {
    const text = 'aé€😀'.repeat(200);
    write('out', text);
    const bytes = Buffer.from(text);
    for (const step of [1, 4, 5, 6, 7, 13]) {
      for (const end of all(log, step).ends) expect((bytes[end] ?? 0) & 0xc0).not.toBe(0x80);
    }
  });

  it('holds back half a character while the other stream goes on, and gives it at the end', () => {
    write('out', Buffer.from([0x61, 0xe2, 0x82]));
    expect(log.end).toBe(1);
    write('err', 'x');
    expect(log.end).toBe(2);
    write('out', Buffer.from([0xac, 0xf0]));
    expect(log.end).toBe(5);
    tailer.finish()();
    expect(log.end).toBe(6);
    expect(Buffer.from(all(log, 100).text, 'latin1')).toEqual(Buffer.from([0x61, 0x78, 0xe2, 0x82, 0xac, 0xf0]));
  });

  it('writes the order before it announces', () => {
    const seen: boolean[] = [];
    log.onGrow(() =>
      seen.push(statSync(join(folder, 'order')).size === 24 * log.committed.records && all(log, 100).text.length === log.end),
    );
    for (let i = 0; i < 5; i += 1) write('out', `${i}`);
    expect(seen).toEqual([true, true, true, true, true]);
  });

  it('tells once that it is finished, and to nobody who left', () => {
    let told = 0;
    const leave = log.onGrow(() => {
      told += 100;
    });
    leave();
    log.onGrow(() => {
      told += 1;
    });
    log.finish();
    log.finish();
    expect([told, log.finished]).toEqual([1, true]);
  });

  it('sees what is written without being poked', async () => {
    const grown = new Promise<void>((resolve) => log.onGrow(resolve));
    appendFileSync(join(folder, 'out'), 'hello');
    await grown;
    expect(all(log, 100).text).toBe('hello');
  });

  it('follows a flood by polling, and goes back to watching', async () => {
    // All of it within one second, however long this machine takes for it.
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
    const watched = watches();
    let expected = 0;
    for (let i = 0; i < 2000 && watches() === watched; i += 1) {
      appendFileSync(join(folder, 'out'), 'flood\n');
      expected += 6;
      while (log.end < expected) await new Promise((next) => setImmediate(next));
    }
    clock.mockRestore();
    expect(watches(), 'it is watched no more').toBe(watched - 1);
    appendFileSync(join(folder, 'out'), 'polled\n');
    await expect.poll(() => log.end, { interval: 5 }).toBeGreaterThanOrEqual(expected + 7);
    await expect.poll(watches, { interval: 5 }).toBeGreaterThanOrEqual(watched);
    appendFileSync(join(folder, 'err'), 'after');
    await expect.poll(() => log.end, { interval: 5 }).toBeGreaterThanOrEqual(expected + 12);
    expect(all(log, 5000).text).toBe(`${'flood\n'.repeat(expected / 6)}polled\nafter`);
  });

  it('does not close its files under somebody who waits for the disk', async () => {
    write('out', 'hello');
    const held = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
        } catch {
          return false;
        }
      }).length;
    log.closeFiles();
    const before = held();
    const reading = log.read(0, 10);
    const during = held();
    expect(during).toBeGreaterThan(before);
    log.closeFiles();
    expect(held()).toBe(during);
    expect(await reading).toHaveLength(1);
    log.closeFiles();
    expect(held()).toBe(before);
  });

  it('is damaged where its index was written over, and empty where its output was taken away', async () => {
    write('out', 'one\n');
    write('err', 'two\n');
    const good = readFileSync(join(folder, 'order'));
    for (const [i, byte] of [
      [6, 0x7f],
      [31, 0x7f],
      [8, 3],
    ] as const) {
      const bad = Buffer.from(good);
      bad[i] = byte;
      writeFileSync(join(folder, 'order'), bad);
      const written = new RunLog(folder, true);
      // As far as it is told, and no further.
      const refused = async (): Promise<unknown> => {
        for (let at = 0; ; ) {
          const chunks = await written.read(at, 100).catch((error: unknown) => error);
          if (!Array.isArray(chunks)) return chunks;
          if (chunks.length === 0) return null;
          at = chunks.at(-1)?.to ?? at;
        }
      };
      expect([i, await refused()]).toEqual([i, expect.any(DamagedOutput)]);
      written.closeFiles();
    }
    writeFileSync(join(folder, 'order'), good);
    rmSync(join(folder, 'out'));
    const taken = new RunLog(folder, true);
    expect(await taken.read(0, 100)).toEqual([]);
    taken.closeFiles();
  });

  it('is empty when its folder is gone, and closes its files when nobody reads', async () => {
    write('out', 'x');
    await log.read(0, 10);
    const before = readdirSync('/proc/self/fd').length;
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before - 2);
    expect(await log.read(0, 10)).toHaveLength(1);
    log.closeFiles();
    tailer.close();
    rmSync(folder, { recursive: true });
    expect(await log.read(0, 10)).toEqual([]);
    expect(new RunLog(folder, true).end).toBe(0);
  });
});
