import { expect, it } from 'vitest';
import type { AnyAction } from '../../guards.ts';
import { firstOf, recentOf, sectionsOf } from './sections.ts';

function action(id: string, change: Partial<AnyAction> = {}): AnyAction {
  return {
    id,
    label: id,
    description: '',
    icon: 'play',
    color: 'slate',
    inputs: [],
    confirm: 'none',
    timeout_s: 0,
    max_concurrent: 0,
    when_full: 'queue',
    stdin: false,
    tty: false,
    position: 0,
    revision: 1,
    created_at: '',
    updated_at: '',
    last_run: null,
    running: 0,
    queued: 0,
    problem: null,
    ...change,
  };
}
const seen = (list: readonly AnyAction[]): unknown => sectionsOf(list).map(({ title, actions }) => [title, actions.map(({ id }) => id)]);

it('puts favourites first, then what has no group, then the groups as their first actions stand', () => {
  const list = [
    action('a', { group: 'House' }),
    action('b'),
    action('c', { group: 'Servers', favourite: true }),
    action('d', { group: 'Servers' }),
    action('e', { group: 'House' }),
  ];
  expect(seen(list)).toEqual([
    ['Favourites', ['c']],
    ['Actions', ['b']],
    ['House', ['a', 'e']],
    ['Servers', ['d']],
  ]);
});

it('gives no heading where there is one section only, nor anything where there are no actions', () => {
  expect(seen([action('a'), action('b')])).toEqual([['', ['a', 'b']]]);
  expect(seen([action('a', { group: 'House' })])).toEqual([['House', ['a']]]);
  expect(seen([])).toEqual([]);
});

it('knows what was used last, also of a host that does not say', () => {
  const list = [
    action('a', { last_used_at: '2026-01-01T00:00:00.000Z' }),
    action('b'),
    action('c', { last_used_at: '2026-02-01T00:00:00.000Z' }),
  ];
  expect(recentOf(list, 5).map(({ id }) => id)).toEqual(['c', 'a']);
  expect(recentOf(list, 1)).toHaveLength(1);
});

it('gives the first so many tiles in the sections in which they stand, with the titles of the whole', () => {
  const list = [action('a', { favourite: true }), action('b'), action('c'), action('d', { group: 'House' })];
  const first = (most: number) =>
    firstOf(sectionsOf(list), most).map(({ title, actions }) => [title, actions.map(({ id }) => id).join('')]);
  expect(first(2)).toEqual([
    ['Favourites', 'a'],
    ['Actions', 'b'],
  ]);
  expect(first(9)).toEqual([
    ['Favourites', 'a'],
    ['Actions', 'bc'],
    ['House', 'd'],
  ]);
  expect(first(0)).toEqual([]);
});
