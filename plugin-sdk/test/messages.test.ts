import { expect, it } from 'vitest';
import { readFromPlugin, readToPlugin } from '../src/messages.ts';

const say = (type: string, payload: object): string =>
  JSON.stringify({ type, timestamp: '2026-11-21T12:00:00.000Z', request_id: 'a', payload });

it('a plugin takes what a newer Toru says besides, for the SDK in its folder stays what it is', () => {
  const newer = say('lifecycle', { action: 'shutdown', reason: 'disabled', grace_ms: 5000, by: 'ann' });
  expect(readToPlugin(newer)).toEqual(JSON.parse(newer));
  expect(readToPlugin(say('lifecycle', { action: 'shutdown', reason: 'disabled' }))).toContain('grace_ms');
});

it('a test of a plugin tells its author of a field that nobody knows', () => {
  expect(readFromPlugin(say('kv', { action: 'get', key: 'a', keys: 'b' }))).toContain('payload.keys');
});
