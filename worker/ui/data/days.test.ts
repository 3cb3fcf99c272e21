import { expect, it } from 'vitest';
import type { AuditEntry } from '../../../shared/audit.ts';
import { daysOf } from './days.ts';

/** Noon of a local day: whatever the zone, it is that day. */
const noon = (year: number, month: number, day: number): number => new Date(year, month - 1, day, 12).getTime();

function entry(id: number, at: number): AuditEntry {
  return {
    id,
    time: new Date(at).toISOString(),
    event: 'login',
    user: null,
    user_id: null,
    address: null,
    target: null,
    outcome: 'ok',
    detail: {},
  };
}

it('puts entries under their days, in the order given', () => {
  const now = noon(2026, 3, 1);
  const times = [now, now - 3_600_000, noon(2026, 2, 28), noon(2026, 2, 27), noon(2025, 2, 27)];
  const days = daysOf(
    times.map((at, id) => entry(id, at)),
    ({ time }) => time,
    now,
    'en-GB',
  );
  expect(days.map(({ name, items }) => [name, items.map(({ id }) => id)])).toEqual([
    ['Today', [0, 1]],
    ['Yesterday', [2]],
    [expect.stringMatching(/^Friday,? 27 February$/), [3]],
    [expect.stringMatching(/^Thursday,? 27 February 2025$/), [4]],
  ]);
});

it('knows no day without entries', () => {
  expect(daysOf([], String, noon(2026, 1, 1))).toEqual([]);
});
