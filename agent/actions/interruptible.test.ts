import { expect, test } from 'vitest';
import { cpuMs, interruptAfter, OutOfTime } from './interruptible.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));

test('time that the machine gave to others is not held against the work', () => {
  let tries = 0;
  const work = (): string => {
    tries += 1;
    if (tries < 3) Atomics.wait(nobody, 0, 0, 60_000);
    return 'done';
  };
  expect(interruptAfter(work, 100)).toBe('done');
  expect(tries).toBe(3);
});

test('work that never gets its time is given up, too', () => {
  let tries = 0;
  const work = (): string => {
    tries += 1;
    Atomics.wait(nobody, 0, 0, 60_000);
    return 'done';
  };
  expect(() => interruptAfter(work, 100)).toThrow(OutOfTime);
  expect(tries).toBe(5);
});

test('what V8 compiles, and its helpers, are not the work: one that used a part of its time is tried again, and one that used all of it is not', () => {
  let tries = 0;
  const busy = (ms: number): void => {
    for (const until = cpuMs() + ms; cpuMs() < until; );
  };
  const cold = (): string => {
    tries += 1;
    if (tries > 1) return 'done';
    busy(60);
    Atomics.wait(nobody, 0, 0, 60_000);
    return 'late';
  };
  expect(interruptAfter(cold, 100)).toBe('done');
  expect(tries).toBe(2);
  tries = 0;
  const slow = (): void => {
    tries += 1;
    busy(60_000);
  };
  expect(() => interruptAfter(slow, 100)).toThrow(OutOfTime);
  expect(tries).toBeLessThanOrEqual(5);
});
