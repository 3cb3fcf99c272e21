import { expect, it } from 'vitest';
import { WindowPool } from './window-pool.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

it('gives a lone request the largest window, and the hundredth one that moves', () => {
  const pool = new WindowPool(32 * MiB, MiB);
  const windows = Array.from({ length: 128 }, () => pool.take());
  expect(windows[0]).toBe(MiB);
  expect(windows[15]).toBe(MiB);
  expect(windows.at(-1)).toBe(64 * KiB);
  expect(windows.reduce((sum, window) => sum + window, 0)).toBeLessThanOrEqual(32 * MiB + 128 * 64 * KiB);
  for (const window of windows) pool.giveBack(window);
  expect(pool.take()).toBe(MiB);
});
