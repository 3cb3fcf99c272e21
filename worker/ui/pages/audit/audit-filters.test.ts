import { expect, it } from 'vitest';
import { addressOf, filtersOf, queryOf } from './audit-filters.ts';

const NOW = Date.UTC(2026, 5, 15);
const NONE = { event: '', user: '', outcome: '', since: '' } as const;

it('reads what it wrote', () => {
  const filters = { event: 'user.created', user: 'mia & co', outcome: 'refused', since: 'week' } as const;
  expect(filtersOf(Object.fromEntries(new URL(addressOf(filters), 'http://x').searchParams))).toEqual(filters);
  expect(addressOf(NONE)).toBe('/audit');
});

it('leaves out what an address says that makes no sense', () => {
  expect(filtersOf({ event: '<b>', outcome: 'perhaps', since: 'century' })).toEqual(NONE);
  expect(filtersOf({ event: 'x'.repeat(61) }).event).toBe('');
  expect(filtersOf({ user: 'u'.repeat(100) }).user).toHaveLength(64);
});

it('asks the host for what is set only, and for times of its own clock', () => {
  expect(queryOf(NONE, NOW)).toEqual({});
  expect(queryOf({ ...NONE, user: ' mia ', since: 'day' }, NOW)).toEqual({ user: 'mia', since: '2026-06-14T00:00:00.000Z' });
  expect(queryOf({ ...NONE, since: 'month' }, NOW)).toEqual({ since: '2026-05-16T00:00:00.000Z' });
});
