import { afterAll, beforeAll, expect, it } from 'vitest';
import { actionOrder } from '../../shared/actions.ts';
import { ToruError } from '../../shared/errors.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { Actions } from './actions.ts';

/** Cards of plugins among the tiles of the home: placed by an admin, seen by everyone who may see the plugin. */

let api: ApiHarness;
let client: Caller;
let actions: Actions;
const withCards = ['disk', 'weather', 'secret'];

beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  api.script('hello.sh', '#!/bin/sh\necho hello\n');
  for (const id of ['one', 'two', 'three', 'four']) {
    const allow = id === 'two' ? [] : 'everyone';
    expect((await api.ask(api.admin, 'POST', '/api/actions', { id, label: id, script: 'hello.sh', allow })).status).toBe(201);
  }
  const { scripts, audit } = api.services;
  const cardPlugins = ({ role }: Caller): string[] => withCards.filter((id) => role === 'admin' || id !== 'secret');
  actions = new Actions({ database: api.db, scripts, audit, cardPlugins });
});
afterAll(() => api.close());

const seen = (who: Caller): unknown => actions.cards(who).map(({ plugin, size, before }) => `${plugin} ${size} ${before ?? 'behind'}`);
const place = (ids: string[], cards: object[]): void => actions.arrange(api.admin, actionOrder.parse({ ids, cards }));
const ALL = ['one', 'two', 'three', 'four'];

it('there is none until one is placed; then everybody sees it at its place, as far as they see the plugin', () => {
  expect(seen(api.admin)).toEqual([]);
  place(ALL, [
    { plugin: 'weather', position: 4, size: 'normal' },
    { plugin: 'secret', position: 0, size: 'large' },
    { plugin: 'disk', position: 1, size: 'wide' },
  ]);
  expect(seen(api.admin)).toEqual(['secret large one', 'disk wide two', 'weather normal behind']);
  // The action before which it stands is none of theirs: it stands before the next one.
  expect(seen(client)).toEqual(['disk wide three', 'weather normal behind']);
});

it('a favourite takes no card along', () => {
  actions.markFavourite(client, 'three', true);
  expect(seen(client)).toEqual(['disk wide four', 'weather normal behind']);
  actions.markFavourite(client, 'three', false);
});

it('an order without cards, a new action and one less leave them where they are', async () => {
  actions.arrange(api.admin, actionOrder.parse({ ids: ALL.toReversed() }));
  expect(seen(api.admin)).toEqual(['secret large four', 'disk wide three', 'weather normal behind']);
  expect((await api.ask(api.admin, 'POST', '/api/actions', { id: 'five', label: 'five', script: 'hello.sh' })).status).toBe(201);
  expect(seen(api.admin)).toEqual(['secret large four', 'disk wide three', 'weather normal five']);
  expect((await api.ask(api.admin, 'DELETE', '/api/actions/three')).status).toBe(204);
  expect(seen(api.admin)).toEqual(['secret large four', 'disk wide two', 'weather normal five']);
});

it('one of a plugin that is away keeps its place; what is left out goes back below the tiles', () => {
  withCards.splice(withCards.indexOf('disk'), 1);
  place(['four', 'two', 'one', 'five'], [{ plugin: 'weather', position: 0, size: 'normal' }]);
  expect(seen(api.admin)).toEqual(['weather normal four']);
  withCards.push('disk');
  expect(seen(api.admin)).toEqual(['weather normal four', 'disk wide two']);
});

it('refuses what has no card, what stands twice, and other sizes', () => {
  const ids = ['four', 'two', 'one', 'five'];
  expect(() => place(ids, [{ plugin: 'nobody', position: 0, size: 'normal' }])).toThrow(ToruError);
  const card = { plugin: 'disk', position: 0, size: 'normal' };
  for (const cards of [[card, card], [{ ...card, size: 'huge' }], [{ ...card, position: -1 }], [{ ...card, plugin: '../x' }]])
    expect(actionOrder.safeParse({ ids, cards }).success).toBe(false);
  expect(seen(api.admin)).toEqual(['weather normal four', 'disk wide two']);
});

it('goes with the list of actions, and into the audit', async () => {
  expect(Object((await api.ask(client, 'GET', '/api/actions')).json)).toMatchObject({ cards: [] });
  const placed = api.services.audit.list({ event: 'action.order' }).items.map(({ detail }) => detail);
  expect(placed).toContainEqual({ cards: [{ plugin: 'weather', position: 0, size: 'normal' }] });
});
