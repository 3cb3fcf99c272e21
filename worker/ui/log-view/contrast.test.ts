import { expect, test } from 'vitest';
import { contrast, hex, inkOn, readable, readableOnInk, sixteen } from './contrast.ts';

test('every colour can be read on every ground, and stays what it is where it can be read already', () => {
  const colours = [
    0x000000,
    0xffffff,
    0x808080,
    0x0000ff,
    0xffff00,
    0x00ff00,
    0xff0000,
    0x777777,
    ...Array.from({ length: 16 }, (_, i) => sixteen(i)),
  ];
  for (const ground of colours) {
    expect(contrast(inkOn(ground), ground)).toBeGreaterThanOrEqual(4.5);
    for (const text of colours) {
      const shown = readable(text, ground);
      expect(contrast(shown, ground), `${hex(text)} on ${hex(ground)}`).toBeGreaterThanOrEqual(4.5);
      if (contrast(text, ground) >= 4.5) expect(shown).toBe(text);
    }
  }
});

test('on the log’s ink there is a colour for each theme', () => {
  expect(readableOnInk(0x000080)).toMatch(/^light-dark\(#[\da-f]{6}, #000080\)$/);
  expect(readableOnInk(0xffff00)).toMatch(/^light-dark\(#ffff00, #[\da-f]{6}\)$/);
});
