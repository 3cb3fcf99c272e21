import { expect, test } from 'vitest';
import { interruptAfter, OutOfTime } from './interruptible.ts';

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
  expect(() => interruptAfter(work, 20)).toThrow(OutOfTime);
  expect(tries).toBe(5);
});
