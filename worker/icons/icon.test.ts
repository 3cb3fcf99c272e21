import { readFileSync } from 'node:fs';
import { crc32, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { GLYPH_PATHS } from './glyph-paths.ts';
import { drawIcon, GROUNDS, iconAt, iconFolder } from './icon.ts';
import { LETTER_PATHS } from './letter-paths.ts';
import { outline } from './outline.ts';

/** A PNG with eight bits a pixel of a palette, read by the standard: every checksum, and the colour of each pixel. */
function decode(png: Uint8Array): { size: number; at: (x: number, y: number) => readonly number[] } {
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const bytes = Buffer.from(png.buffer, png.byteOffset + at);
    const length = bytes.readUInt32BE(0);
    expect(bytes.readUInt32BE(8 + length)).toBe(crc32(bytes.subarray(4, 8 + length)));
    parts.set(bytes.toString('latin1', 4, 8), bytes.subarray(8, 8 + length));
    at += 12 + length;
  }
  expect([...parts.keys()]).toEqual(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
  const [head, colours, alphas, data] = ['IHDR', 'PLTE', 'tRNS', 'IDAT'].map((name) => parts.get(name) ?? Buffer.alloc(0));
  const size = head?.readUInt32BE(0) ?? 0;
  expect([...(head?.subarray(4) ?? [])]).toEqual([...Buffer.from(Uint32Array.of(size).buffer).reverse(), 8, 3, 0, 0, 0]);
  const rows = inflateSync(data ?? Buffer.alloc(0));
  expect(rows.length).toBe(size * (size + 1));
  const palette = Array.from({ length: (colours?.length ?? 0) / 3 }, (_, at) => [
    ...(colours?.subarray(3 * at, 3 * at + 3) ?? []),
    alphas?.[at] ?? -1,
  ]);
  return { size, at: (x, y) => palette[rows[y * (size + 1) + 1 + x] ?? 0] ?? [] };
}

test('every sign becomes a PNG of its size, with ink in the middle of its ground', async () => {
  for (const sign of [...GLYPH_PATHS.keys(), ...Object.keys(LETTER_PATHS).map((letter) => `letter-${letter}`), 'gate']) {
    const look = iconAt(`/icons/teal/${sign}/96.png`);
    if (look === null) throw new Error(`no icon for ${sign}`);
    const { size, at } = decode(await drawIcon(look));
    const all = Array.from({ length: size * size }, (_, i) => at(i % size, Math.floor(i / size)));
    const inked = all.filter((colour) => colour.every((part) => part === 255)).length / all.length;
    expect(inked, sign).toBeGreaterThan(0.015);
    expect(inked, sign).toBeLessThan(0.3);
    expect([size, at(0, 0)[3], at(48, 3)]).toEqual([96, 0, [0x13, 0x72, 0x73, 255]]);
  }
});

test('one for a mask goes to its edges, and has its ink in the circle that is never cut', async () => {
  for (const sign of ['memory-stick', 'letter-w', 'cpu', 'monitor']) {
    const { size, at } = decode(await drawIcon({ colour: 'pink', sign, size: 192, maskable: true }));
    const all = Array.from({ length: size * size }, (_, i) => [i % size, Math.floor(i / size)] as const);
    const outside = all.filter(([x, y]) => Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2) > size * 0.4);
    expect(outside.length).toBeGreaterThan(0.4 * all.length);
    expect(new Set(outside.map(([x, y]) => at(x, y).join())), sign).toEqual(new Set(['173,64,120,255']));
  }
  expect(iconAt('/icons/pink/cpu/180.png')).toMatchObject({ maskable: true });
});

test('an address names one look, or nothing', () => {
  expect(iconAt('/icons/red/house/512-maskable.png')).toEqual({ colour: 'red', sign: 'house', size: 512, maskable: true });
  for (const wrong of ['red/house/513.png', 'mauve/house/192.png', 'red/no-such/192.png', 'red/letter-/192.png', 'red/constructor/192.png'])
    expect(iconAt(`/icons/${wrong}`), wrong).toBeNull();
  for (const wrong of ['/icons/toString/house/192.png', '/icons/red/house/192.svg', '/icons/red/letter-ab/96.png', '/icons/'])
    expect(iconAt(wrong)).toBeNull();
});

test('an emoji’s icon is the first letter of the name, one that is unknown the play sign', () => {
  const folder = (icon: string, label: string) => iconFolder({ icon, color: 'blue', label });
  expect(folder('house', 'Home')).toBe('/icons/blue/house/');
  expect(folder('🚀', '  Érable')).toBe('/icons/blue/letter-e/');
  expect(folder('🚀', '№ 7')).toBe('/icons/blue/letter-n/');
  expect(folder('🚀', '暖房')).toBe('/icons/blue/play/');
  expect(folder('of-another-release', 'x')).toBe('/icons/blue/play/');
});

test('the grounds are the page’s colours', () => {
  const css = readFileSync(new URL('../ui/styles/tokens.css', import.meta.url), 'utf8');
  const tones = Object.fromEntries(
    [...css.matchAll(/\[data-color='(\w+)'\] \{\s*--tone: (#\w+);/g)].map(([, name = '', tone]) => [name, tone]),
  );
  const { toru: _, ...grounds } = GROUNDS;
  expect(grounds).toEqual(tones);
});

test('paths are read as SVG has them: repeated commands, relative ones, flags without spaces, smooth curves', () => {
  const ends = (path: string) => outline(path).map(([, , x, y]) => [x, y].map((part) => Math.round(part * 1e6) / 1e6));
  expect(ends('M1 1 2 2l1-1.5.5.5H0v-1z')).toEqual([
    [2, 2],
    [3, 0.5],
    [3.5, 1],
    [0, 1],
    [0, 0],
    [1, 1],
  ]);
  expect(ends('M0 0a1 1 0 011 1').at(-1)).toEqual([1, 1]);
  expect(ends('M0 0a1 1 0 0110 0').at(-1)).toEqual([10, 0]);
  expect(ends('M0 0q1 2 2 0t2 0').at(-1)).toEqual([4, 0]);
  expect(ends('M0 0c0 1 1 1 1 0s1-1 1 0').at(-1)).toEqual([2, 0]);
  expect(ends('M2 2h.01')).toEqual([[2.01, 2]]);
  // A circle of two arcs stays on its radius.
  for (const [, , x, y] of outline('M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0')) expect(Math.hypot(x, y)).toBeCloseTo(5, 6);
  for (const wrong of ['M1', 'M1 1b2', 'M1 1h1 x', 'L1 1 2']) expect(() => outline(wrong), wrong).toThrow();
});
