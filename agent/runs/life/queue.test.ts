import { expect, it } from 'vitest';
import { RunQueue } from './queue.ts';

/** The slots that have been granted by now. */
async function granted(slots: Record<string, { granted: Promise<boolean> }>): Promise<string[]> {
  const names: string[] = [];
  for (const [name, slot] of Object.entries(slots)) void slot.granted.then((yes) => yes && names.push(name));
  await new Promise((next) => setImmediate(next));
  return names.sort();
}

it('grants slots in order, and lets a full action hold up nobody else', async () => {
  const queue = new RunQueue(2);
  const first = queue.take('single');
  expect([queue.full('single', 1), queue.full('other', 1), queue.full(null, 0)]).toEqual(['action', null, null]);
  const slots = { single: queue.wait('single', 1), other: queue.wait('other', 1), last: queue.wait('other', 0) };
  expect([queue.full(null, 0), queue.waiting('single'), queue.waiting(null)]).toEqual(['host', 1, 2]);
  expect(await granted(slots)).toEqual(['other']);
  first.release();
  expect(await granted(slots)).toEqual(['other', 'single']);
  slots.other.release();
  expect(await granted(slots)).toEqual(['last', 'other', 'single']);
});

it('frees a slot once, however often it is released', async () => {
  const queue = new RunQueue(1);
  const running = queue.take(null);
  const [left, next, last] = [queue.wait(null, 0), queue.wait(null, 0), queue.wait(null, 0)];
  left.release();
  left.release();
  expect(await left.granted).toBe(false);
  running.release();
  running.release();
  expect(await granted({ next, last })).toEqual(['next']);
  expect(queue.waiting(null)).toBe(1);
});

it('grants nothing after it was closed', async () => {
  const queue = new RunQueue(1);
  const running = queue.take(null);
  const next = queue.wait(null, 0);
  queue.close();
  running.release();
  expect(await granted({ next })).toEqual([]);
});
