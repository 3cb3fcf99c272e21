import { expect, it } from 'vitest';
import { addressOf, dayOf, type Filters, filtersOf, isFiltered, NO_FILTERS, queryOf } from './run-filters.ts';

it('reads what it wrote', () => {
  const filters: Filters = {
    result: ['queued', 'failed'],
    action: 'nightly-backup',
    user: 'mia',
    q: 'a&b=c é',
    since: '2026-03-01',
    until: '2026-03-28',
    sort: 'longest',
  };
  const address = addressOf(filters);
  expect(address).toContain('result=queued,failed');
  expect(filtersOf(Object.fromEntries(new URL(address, 'http://x').searchParams))).toEqual(filters);
});

it('leaves out what is empty, and what is no result, day or order', () => {
  expect(addressOf(NO_FILTERS)).toBe('/runs');
  expect(queryOf({ ...NO_FILTERS, q: '  ' })).toEqual({});
  expect(isFiltered(filtersOf({ result: 'sleeping,', since: 'yesterday', until: '2026-02-99', sort: 'oldest' }))).toBe(false);
  expect(filtersOf({ result: 'failed,nonsense' }).result).toEqual(['failed']);
  expect(isFiltered({ ...NO_FILTERS, sort: 'longest' })).toBe(false);
});

it('understands the addresses of before', () => {
  expect(filtersOf({ status: 'exited,timed_out' }).result).toEqual(['succeeded', 'failed', 'timed_out']);
});

it('asks for whole days, as they are here, also where a clock is put on', () => {
  const { since, until } = queryOf({ ...NO_FILTERS, since: '2026-03-29', until: '2026-03-29' });
  expect(new Date(since ?? '')).toEqual(new Date(2026, 2, 29));
  expect(new Date(until ?? '')).toEqual(new Date(2026, 2, 30));
  expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe('2026-01-05');
});
