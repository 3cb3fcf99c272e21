import { expect, it } from 'vitest';
import { oneAtATime } from './at-once.ts';

it('reads once more after what was asked meanwhile, and never twice at a time', async () => {
  const underWay: (() => void)[] = [];
  let most = 0;
  let now = 0;
  let all = 0;
  const read = oneAtATime(async () => {
    all += 1;
    now += 1;
    most = Math.max(most, now);
    await new Promise<void>((done) => underWay.push(done));
    now -= 1;
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const first = read();
  for (let n = 0; n < 5; n += 1) void read();
  underWay.shift()?.();
  await first;
  await turn();
  expect([all, most]).toEqual([2, 1]);
  underWay.shift()?.();
  await turn();
  expect([all, now]).toEqual([2, 0]);
  void read();
  expect(all).toBe(3);
  underWay.shift()?.();
});
