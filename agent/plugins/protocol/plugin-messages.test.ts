import { expect, expectTypeOf, test } from 'vitest';
import type * as z from 'zod';
import type { FromPlugin } from '../../../plugin-sdk/src/protocol.ts';
import type { fromPlugin } from './plugin-messages.ts';
import { readMessage } from './plugin-messages.ts';

const read = (value: unknown): unknown => readMessage(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const message = (type: string, payload: unknown): Record<string, unknown> => ({ type, timestamp: 't', request_id: 'r-1', payload });

test('the schemas and the protocol’s types are the same', () => {
  expectTypeOf<z.infer<typeof fromPlugin>>().toExtend<FromPlugin>();
  expectTypeOf<FromPlugin>().toExtend<z.infer<typeof fromPlugin>>();
});

test('every kind of message is understood as it was said', () => {
  const said = [
    message('lifecycle', { action: 'hello', token: 'x', protocol: { min: 1, max: 2 } }),
    message('lifecycle', { action: 'ready' }),
    message('lifecycle', { action: 'pong' }),
    message('http', { action: 'response', status: 200, headers: [['a', 'b']], body: 'x', encoding: 'base64' }),
    message('http', { action: 'response', status: 200, stream: true }),
    message('http', { action: 'data', data: 'eA==' }),
    message('http', { action: 'end' }),
    message('http', { action: 'credit', bytes: 7 }),
    message('http', { action: 'error', code: 'not_found', message: 'gone' }),
    message('kv', { action: 'get', key: 'k' }),
    message('kv', { action: 'set', key: 'k', value: { deep: [1, null, 'x'] }, ttl_s: 5, if_version: 0 }),
    message('kv', { action: 'delete', key: 'k' }),
    message('kv', { action: 'list', prefix: 'a', limit: 3, values: false }),
    message('log', { action: 'line', level: 'warn', message: 'm', error: 'e', fields: { a: [1] } }),
    message('event', { action: 'publish', name: 'n', data: null }),
    message('run', { action: 'start', run: 'backup', inputs: { to: 'attic', all: true, n: 1 } }),
  ];
  for (const one of said) expect(read(one)).toEqual({ kind: 'message', message: one });
});

test('a field that a later version may add does no harm', () => {
  expect(read({ ...message('lifecycle', { action: 'pong', later: 1 }), more: 2 })).toEqual({
    kind: 'message',
    message: message('lifecycle', { action: 'pong' }),
  });
});

test('JSON that is no message is named, with what an answer can refer to', () => {
  expect(read(message('kv', { action: 'steal', key: 'x' }))).toMatchObject({
    kind: 'bad',
    why: expect.stringContaining('payload.action'),
    asked: { type: 'kv', request_id: 'r-1' },
  });
  expect(read(message('kv', { action: 'get', key: 7 }))).toMatchObject({ kind: 'bad', why: expect.stringContaining('payload.key') });
  expect(read({ ...message('kv', { action: 'get', key: 'x' }), request_id: 'no spaces here' })).toMatchObject({ kind: 'bad', asked: null });
  for (const value of [null, 7, [], {}, 'true', message('init', {})]) expect(read(value)).toMatchObject({ kind: 'bad' });
});

test('JSON that is nested too deep to be walked through is refused, however deep, and ends nothing', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const said = (depth: number): string[] =>
    [
      message('kv', { action: 'set', key: 'k', value: 7 }),
      message('event', { action: 'publish', name: 'n', data: 7 }),
      message('log', { action: 'line', level: 'info', message: 'm', fields: { a: 7 } }),
    ].map((one) => JSON.stringify(one).replace('7', nested(depth)));
  for (const one of said(64)) expect(read(one)).toMatchObject({ kind: 'message' });
  for (const one of [...said(65), ...said(3000), said(400_000)[0]])
    expect(read(one)).toMatchObject({ kind: 'bad', why: expect.stringContaining('64 deep') });
  expect(read(message('kv', { action: 'set', key: 'k' }))).toMatchObject({ kind: 'bad' });
});

test('what is said of a bad message is short, whatever names stand in it', () => {
  const bad = readMessage(
    Buffer.from(JSON.stringify(message('run', { action: 'start', run: 'x', inputs: { ['n'.repeat(500_000)]: [] } }))),
  );
  expect(bad.kind === 'bad' && bad.why.length).toBeLessThan(400);
});

test('numbers stay where something can be counted with them', () => {
  const set = (ttl_s: number): unknown => read(message('kv', { action: 'set', key: 'k', value: 1, ttl_s }));
  expect(set(315_360_000)).toMatchObject({ kind: 'message' });
  for (const ttl of [315_360_001, Number.MAX_SAFE_INTEGER, 1e300, -1, 0.5]) expect(set(ttl)).toMatchObject({ kind: 'bad' });
  for (const bytes of ['-1', '1.5', '1e300', 'null', '"1"', '9007199254740993'])
    expect(read(JSON.stringify(message('http', { action: 'credit', bytes: 7 })).replace('7', bytes))).toMatchObject({ kind: 'bad' });
});

test('a name that objects have from birth is a key like any other, and changes nobody', () => {
  const line = JSON.stringify(message('kv', { action: 'set', key: '__proto__', value: 7 })).replace('7', '{"__proto__":{"polluted":1}}');
  const said = readMessage(Buffer.from(line));
  expect(JSON.stringify(said)).toContain('{"__proto__":{"polluted":1}}');
  expect(Object({}).polluted).toBeUndefined();
});

test('what is not JSON, or not UTF-8, is garbage', () => {
  for (const text of ['', 'hello', '{"type":', '\0']) expect(read(text)).toEqual({ kind: 'garbage', why: 'a line that is not JSON' });
  expect(readMessage(Buffer.from([0x22, 0xe2, 0x82, 0x22]))).toEqual({ kind: 'garbage', why: 'bytes that are not UTF-8' });
});
