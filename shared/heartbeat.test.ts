import { afterEach, expect, it, vi } from 'vitest';
import { heartbeat } from './heartbeat.ts';

afterEach(() => void vi.useRealTimers());

it('asks at each beat, forgives as many silences in a row as it is told, and counts a long one once', () => {
  vi.useFakeTimers({ now: 0 });
  const asked: number[] = [];
  const silences: number[] = [];
  const beat = heartbeat(
    { pingMs: 100, misses: 2 },
    () => asked.push(Date.now()),
    () => silences.push(Date.now()),
  );
  vi.advanceTimersByTime(200);
  beat.answered();
  // Stopped for a day.
  vi.setSystemTime(86_400_000);
  vi.advanceTimersByTime(200);
  expect([asked.length, silences.length]).toEqual([4, 0]);
  vi.advanceTimersByTime(100);
  expect(silences).toHaveLength(1);
  beat.stop();
  vi.advanceTimersByTime(1000);
  expect([asked.length, silences.length]).toEqual([4, 1]);
});
