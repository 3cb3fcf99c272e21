import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { collectAtRest } from './memory-at-rest.ts';

/** A large block that nobody holds any more, as a burst leaves them. V8 looks for such when it has allocated as much again. */
function burst(): WeakRef<number[]> {
  return new WeakRef(new Array<number>(1_200_000).fill(1.5));
}

test('what is no longer needed is given back although nothing allocates', async () => {
  const left = burst();
  const stop = collectAtRest(250);
  try {
    for (let tries = 0; tries < 35 && left.deref() !== undefined; tries += 1) await sleep(500);
    expect(left.deref()).toBeUndefined();
  } finally {
    stop();
  }
});

const heap = (): number => getHeapStatistics().total_heap_size;

/** Short-lived things, for which V8 makes its young generation large. */
function crowd(): number {
  let things: object[] = [];
  for (let i = 0; i < 200_000; i += 1) things.push({ i });
  const { length } = things;
  things = [];
  return length;
}

test('what V8 has made large for a busy moment goes back to the system, and not a third of it', async () => {
  const before = heap();
  for (let times = 0; times < 5; times += 1) crowd();
  const grown = heap() - before;
  expect(grown).toBeGreaterThan(8 * 1024 * 1024);
  const stop = collectAtRest(250);
  try {
    for (let tries = 0; tries < 35 && heap() - before > grown / 4; tries += 1) await sleep(500);
    expect((heap() - before) / grown).toBeLessThan(0.25);
  } finally {
    stop();
  }
});
