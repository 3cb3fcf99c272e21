import { describe, expect, it } from 'vitest';
import { asMessage } from './from-frame.ts';

const fetched = { method: 'POST', headers: [['x-mine', '1']], body: 'text' };

describe('what a plugin’s frame says', () => {
  it.each([
    { type: 'abort', id: 3 },
    { type: 'toast', text: 'Saved.', kind: 'success' },
    { type: 'open_page' },
    { type: 'height', px: 120.5 },
    { type: 'ask', id: 1, ask: { method: 'kv.get', key: 'a' } },
    { type: 'ask', id: 2, ask: { method: 'kv.delete', key: 'a' } },
    { type: 'ask', id: 3, ask: { method: 'kv.set', key: 'a', value: null } },
    { type: 'ask', id: 4, ask: { method: 'kv.list', prefix: '' } },
    { type: 'ask', id: 5, ask: { method: 'fetch', path: '/x', init: fetched } },
    { type: 'ask', id: 6, ask: { method: 'fetch', path: '/x', init: { ...fetched, body: null } } },
    { type: 'ask', id: 7, ask: { method: 'fetch', path: '/x', init: { ...fetched, body: new ArrayBuffer(2) } } },
  ])('is taken: %j', (message) => {
    expect(asMessage(message)).toEqual(message);
  });

  it('is made again: what else it holds stays behind', () => {
    const ask = { method: 'fetch', path: '/x', init: { ...fetched, credentials: 'include', mode: 'cors' }, also: 1 };
    expect(asMessage({ type: 'ask', id: 1, ask, more: true })).toEqual({
      type: 'ask',
      id: 1,
      ask: { method: 'fetch', path: '/x', init: fetched },
    });
    expect(asMessage({ type: 'open_page', path: '/elsewhere' })).toEqual({ type: 'open_page' });
  });

  it.each([
    null,
    undefined,
    7,
    'open_page',
    [],
    {},
    { type: 'mount' },
    { type: 'abort', id: '3' },
    { type: 'abort', id: 1.5 },
    { type: 'toast', text: 'x', kind: 'danger' },
    { type: 'toast', text: { html: 'x' }, kind: 'info' },
    { type: 'height', px: Number.NaN },
    { type: 'height', px: '100%' },
    { type: 'ask', id: null, ask: { method: 'kv.get', key: 'a' } },
  ])('is no message: %j', (data) => {
    expect(asMessage(data)).toBeNull();
  });

  it.each([
    undefined,
    { method: 'kv.get' },
    { method: 'kv.get', key: 1 },
    { method: 'kv.set', key: 'a' },
    { method: 'kv.list', prefix: null },
    { method: 'run', script: 'x.sh' },
    { method: 'fetch', path: '/x' },
    { method: 'fetch', path: 7, init: fetched },
    { method: 'fetch', path: '/x', init: { ...fetched, method: 'TRACE' } },
    { method: 'fetch', path: '/x', init: { ...fetched, method: 'get' } },
    { method: 'fetch', path: '/x', init: { ...fetched, headers: { 'x-mine': '1' } } },
    { method: 'fetch', path: '/x', init: { ...fetched, headers: [['x-mine', 1]] } },
    { method: 'fetch', path: '/x', init: { ...fetched, headers: [['x-mine', '1', '2']] } },
    { method: 'fetch', path: '/x', init: { ...fetched, headers: Array.from({ length: 41 }, () => ['x-mine', '1']) } },
    { method: 'fetch', path: '/x', init: { ...fetched, body: { a: 1 } } },
  ])('can’t be asked, and whoever waits hears of it: %j', (ask) => {
    expect(asMessage({ type: 'ask', id: 9, ask })).toEqual({ type: 'ask', id: 9, ask: null });
  });
});
