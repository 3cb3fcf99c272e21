import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { PrintedTimes } = await import('./printed-times.ts');

/** Noon, so that no time zone makes another day of it. */
const NOON = new Date(2026, 10, 30, 12, 0, 0, 0).getTime();
let printed: { cursor: number; at: number }[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  vi.stubGlobal('fetch', async () => {
    const items = printed.map(({ cursor, at }) => ({ cursor, time: new Date(at).toISOString() }));
    return Response.json({ items });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The times of a run's output, once they are known. */
async function known(): Promise<InstanceType<typeof PrintedTimes>> {
  const onKnown = vi.fn();
  const times = new PrintedTimes('a-run', onKnown);
  times.shown = true;
  times.need(0, 20);
  await vi.advanceTimersByTimeAsync(1000);
  await vi.waitFor(() => expect(onKnown).toHaveBeenCalled());
  return times;
}

it('of a run of today has no day in its margin', async () => {
  printed = [
    { cursor: 10, at: NOON - 60_000 },
    { cursor: 20, at: NOON - 50_000 },
  ];
  const times = await known();
  expect([times.of(0), times.of(15), times.width]).toEqual(['11:59:00.0', '11:59:10.0', 10]);
});

it('of a run that began on another day has the day at each line, and the room for it', async () => {
  printed = [
    { cursor: 10, at: NOON - 86_400_000 },
    { cursor: 20, at: NOON - 50_000 },
  ];
  const times = await known();
  expect([times.of(0), times.of(15), times.width]).toEqual(['11-29 12:00:00.0', '11-30 11:59:10.0', 16]);
});
