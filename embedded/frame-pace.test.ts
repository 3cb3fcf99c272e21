import { expect, test } from 'vitest';
import { FramePace } from './frame-pace.ts';

test('a browser’s heartbeats cost no wait; a flood is read at 200 a second, and a rest is forgiven', () => {
  const pace = new FramePace(0);
  let now = 0;
  for (; now < 600_000; now += 100) expect(pace.pay(1, now)).toBe(0);
  let frames = 0;
  const until = now + 10_000;
  while (now < until) {
    frames += 50;
    now += pace.pay(50, now);
  }
  expect(frames).toBeGreaterThan(2000);
  expect(frames).toBeLessThanOrEqual(2300);
  expect(pace.pay(0, now + 1000)).toBe(0);
});
