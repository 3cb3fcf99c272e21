import { expect, it } from 'vitest';
import { addressOf, filtersOf, isFiltered, NO_FILTERS, queryOf } from './run-filters.ts';

it('reads what it wrote', () => {
  const filters = { status: ['queued', 'running'] as const, action: 'nightly-backup', user: 'mia', q: 'a&b=c é' };
  const address = addressOf(filters);
  expect(address).toContain('status=queued,running');
  expect(filtersOf(Object.fromEntries(new URL(address, 'http://x').searchParams))).toEqual(filters);
});

it('leaves out what is empty, and what is no state', () => {
  expect(addressOf(NO_FILTERS)).toBe('/runs');
  expect(queryOf({ ...NO_FILTERS, q: '  ' })).toEqual({});
  expect(isFiltered(filtersOf({ status: 'sleeping,' }))).toBe(false);
  expect(filtersOf({ status: 'exited,nonsense' }).status).toEqual(['exited']);
});
