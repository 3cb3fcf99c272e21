import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { safeReturn } from './navigation.ts';

beforeEach(() => vi.stubGlobal('location', { origin: 'https://toru.example' }));
afterEach(() => vi.unstubAllGlobals());

it.each(['/runs', '/runs?status=exited&user=me', '/runs#newest', '/actions/new?script=hello.sh', '/actions/backup/edit', '/loginfo', '/'])(
  'leads to %s after the login',
  (next) => {
    expect(safeReturn(next)).toBe(next);
  },
);

it('reads a place as the browser would', () => {
  expect(safeReturn('/runs/../settings')).toBe('/settings');
  expect(safeReturn('/ru\nns')).toBe('/runs');
});

it.each([
  undefined,
  '',
  'runs',
  'https://elsewhere.example/',
  '//elsewhere.example',
  '/\\elsewhere.example',
  '/\t/elsewhere.example',
  '/\n/elsewhere.example/x',
  'javascript:alert(1)',
  '/login',
  '/login/x',
  '/login?next=/runs',
  '/./login',
])('leads to no other place: %j', (next) => {
  expect(safeReturn(next)).toBe('/');
});
