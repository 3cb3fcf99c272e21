import { expect, it } from 'vitest';
import { addressOf, queryOf, requestOf } from './query.ts';

it('reads what it wrote, and leaves out what makes no sense', () => {
  const query = { q: 'error: 50% & more', in: 'output', since: 'week' } as const;
  expect(queryOf(Object.fromEntries(new URL(addressOf(query), 'http://x').searchParams))).toEqual(query);
  expect(addressOf({ q: ' ', in: '', since: '' })).toBe('/search');
  expect(queryOf({ q: 'x'.repeat(300), in: 'anywhere', since: 'once' })).toEqual({ q: 'x'.repeat(200), in: '', since: '' });
});

it('asks the host for what is set only', () => {
  expect(requestOf({ q: 'x', in: '', since: '' }, 0)).toEqual({ q: 'x' });
  expect(requestOf({ q: 'x', in: 'history', since: 'day' }, Date.UTC(2026, 0, 2))).toEqual({
    q: 'x',
    in: 'history',
    since: '2026-01-01T00:00:00.000Z',
  });
});

it('says of a pattern that it is one', () => {
  const query = { q: 'a+', in: '', since: '', how: 'regex' } as const;
  expect(queryOf(Object.fromEntries(new URL(addressOf(query), 'http://x').searchParams))).toEqual(query);
  expect(requestOf(query, 0)).toEqual({ q: 'a+', regex: 'true' });
  expect(queryOf({ q: 'a+', how: 'magic' })).toEqual({ q: 'a+', in: '', since: '' });
});
