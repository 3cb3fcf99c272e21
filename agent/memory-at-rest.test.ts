import { setTimeout as sleep } from 'node:timers/promises';
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
