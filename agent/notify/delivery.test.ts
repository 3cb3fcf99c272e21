import { expect, it } from 'vitest';
import { retryAfterOf } from '../../shared/post.ts';
import { waitOf } from './delivery.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

it.each([
  ['120', 120_000],
  ['0', 1000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 1000],
  ['999999999', 3_600_000],
  ['soon', null],
  [null, null],
])('an answer with Retry-After %s has the next try wait %s ms', (header, ms) => {
  expect(waitOf({ status: 429, retryAfterMs: retryAfterOf(header, NOW) })).toBe(ms);
});

it('no answer says nothing of the next try', () => {
  expect(waitOf({ problem: 'It could not be reached.' })).toBeNull();
});
