import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { printQr, qrLines } from './qr.ts';

const URL = 'https://toru.example.workers.dev/pair?code=BCDF-GHJK';

test('a code of half blocks says the same as the code itself, light where the blocks are', () => {
  const lines = qrLines(URL, 80, false) ?? [];
  const { data, size } = encode(URL, { ecc: 'L', border: 2 });
  expect(lines.length).toBe(Math.ceil(size / 2));
  const dark = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      const char = lines[Math.floor(row / 2)]?.[column] ?? '';
      return !(row % 2 === 0 ? '▀█' : '▄█').includes(char);
    }),
  );
  expect(dark).toEqual(data);
});

test('with colours it is dark on light in every theme, and every line puts the colours back', () => {
  for (const line of qrLines(URL, 80, true) ?? []) expect(line).toMatch(/^\x1b\[38;5;231;48;5;16m[ ▀▄█]+\x1b\[0m$/);
});

test('a terminal that is too narrow gets none', () => {
  expect(qrLines(URL, 20, true)).toBeNull();
});

test.each([
  [true, 100, {}, /^\x1b\[38;5;231/],
  [true, 100, { NO_COLOR: '1' }, /^[ ▀▄█]+\n/],
  [true, 20, {}, /^$/],
  [false, 100, {}, /^$/],
])('printed at a terminal (%s) of %i columns, and nowhere else', async (isTTY, columns, env, expected) => {
  let printed = '';
  const write = async (data: string | Uint8Array): Promise<void> => {
    printed += String(data);
  };
  await printQr({ out: { isTTY, columns, write }, env }, URL);
  expect(printed).toMatch(expected);
});
