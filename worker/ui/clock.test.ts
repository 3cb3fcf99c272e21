import { effect } from '@preact/signals';
import { expect, it } from 'vitest';
import { minuteHand, newestMinute } from './clock.ts';

it('is never behind what just happened, however old the hand, and tells when it moves', () => {
  const heard: number[] = [];
  const stop = effect(() => {
    // As `watched` sets it, and then as old as it can be.
    heard.push(newestMinute());
  });
  minuteHand.value = Date.now() - 10_000;
  const happened = Date.now();
  expect(newestMinute()).toBeGreaterThanOrEqual(happened);
  expect(heard.length).toBeGreaterThan(1);
  stop();
});
