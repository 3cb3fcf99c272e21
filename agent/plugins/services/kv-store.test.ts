import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_TTL_S, PLUGIN_KV_MAX_VALUE } from '../../../shared/plugins.ts';
import type { Database } from '../../store/database.ts';
import { openDatabase } from '../../tables.ts';
import { PluginKv } from './kv-store.ts';

let home: string;
let db: Database;
let kv: PluginKv;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-kv-'));
  db = openDatabase(join(home, 'toru.db'));
  kv = new PluginKv(db, 1024 * 1024);
});

afterAll(() => {
  db.close();
  rmSync(home, { recursive: true });
});

const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'nothing thrown';
};

it('keeps any JSON by key, and forgets it', () => {
  const value = { list: [1, 'zwei', null, { drei: true }] };
  expect(kv.get('a', 'key')).toBeNull();
  const version = kv.set('a', 'key', value);
  expect(kv.get('a', 'key')).toEqual({ key: 'key', value, version, expires_at: null });
  expect(kv.delete('a', 'key')).toBe(true);
  expect(kv.delete('a', 'key')).toBe(false);
  expect(kv.get('a', 'key')).toBeNull();
});

it('lets no plugin reach another’s keys', () => {
  kv.set('one', 'shared', 1);
  kv.set('two', 'shared', 2);
  expect(kv.get('one', 'shared')?.value).toBe(1);
  kv.delete('one', 'shared');
  expect(kv.get('two', 'shared')?.value).toBe(2);
  expect(kv.list('one').entries).toEqual([]);
  kv.removeAll('one');
  expect(kv.usage('two').keys).toBe(1);
});

it('writes only over what the writer saw', () => {
  const first = kv.set('cas', 'n', 1, { if_version: 0 });
  expect(code(() => kv.set('cas', 'n', 2, { if_version: 0 }))).toBe('conflict');
  const second = kv.set('cas', 'n', 2, { if_version: first });
  expect(code(() => kv.set('cas', 'n', 3, { if_version: first }))).toBe('conflict');
  expect(code(() => kv.delete('cas', 'n', { if_version: first }))).toBe('conflict');
  expect(kv.get('cas', 'n')?.value).toBe(2);
  kv.delete('cas', 'n', { if_version: second });
  // Made again it is not what it was, though it says the same.
  expect(kv.set('cas', 'n', 2)).toBeGreaterThan(second);
  expect(code(() => kv.set('cas', 'n', 3, { if_version: second }))).toBe('conflict');
});

it('never gives a version twice, also not after a restart with the clock set back', () => {
  const before = kv.set('clock', 'n', 1);
  vi.useFakeTimers({ now: Date.now() - 86_400_000 });
  try {
    expect(new PluginKv(db).set('clock', 'n', 2)).toBeGreaterThan(before);
  } finally {
    vi.useRealTimers();
  }
});

it('lists by prefix, in order, in parts', () => {
  for (const key of ['b/2', 'a', 'b/1', 'b/10', 'bb', 'ä']) kv.set('list', key, key);
  expect(kv.list('list', { prefix: 'b/' }).entries.map(({ key }) => key)).toEqual(['b/1', 'b/10', 'b/2']);
  const first = kv.list('list', { limit: 4 });
  expect(first).toMatchObject({ next: 'b/2' });
  expect(kv.list('list', { after: first.next ?? '' })).toMatchObject({ entries: [{ key: 'bb' }, { key: 'ä' }], next: null });
  expect(kv.list('list', { prefix: 'b/', values: false }).entries[0]).toMatchObject({ key: 'b/1', value: null });
  // A prefix is text, not a pattern.
  expect(kv.list('list', { prefix: '%' }).entries).toEqual([]);
});

it('answers with what fits in a message, and goes on', () => {
  for (let n = 0; n < 8; n += 1) kv.set('large', `k${n}`, 'x'.repeat(120_000));
  const seen: string[] = [];
  let after: string | undefined;
  for (;;) {
    const { entries, next } = kv.list('large', { after });
    expect(JSON.stringify(entries).length).toBeLessThan(700_000);
    seen.push(...entries.map(({ key }) => key));
    if (next === null) break;
    after = next;
  }
  expect(seen).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']);
});

it('forgets in time', () => {
  vi.useFakeTimers({ now: Date.now() });
  try {
    kv.set('ttl', 'short', 1, { ttl_s: 10 });
    kv.set('ttl', 'long', 1);
    expect(kv.get('ttl', 'short')?.expires_at).not.toBeNull();
    vi.advanceTimersByTime(10_001);
    expect(kv.get('ttl', 'short')).toBeNull();
    expect(kv.list('ttl').entries.map(({ key }) => key)).toEqual(['long']);
    expect(kv.usage('ttl').keys).toBe(1);
    // For who asks for a new one, it is not there.
    kv.set('ttl', 'short', 2, { if_version: 0 });
    expect(kv.get('ttl', 'short')).toMatchObject({ value: 2, expires_at: null });
  } finally {
    vi.useRealTimers();
  }
});

it('says when something is too large, and changes nothing', () => {
  expect(code(() => kv.set('size', 'k'.repeat(PLUGIN_KV_MAX_KEY + 1), 1))).toBe('too_large');
  expect(code(() => kv.set('size', '', 1))).toBe('too_large');
  expect(code(() => kv.set('size', 'k', 'x'.repeat(PLUGIN_KV_MAX_VALUE)))).toBe('too_large');
  expect(kv.usage('size')).toMatchObject({ keys: 0, bytes: 0 });
});

it('keeps within the quota, and takes more once there is room', () => {
  const value = 'x'.repeat(200_000);
  for (let n = 0; n < 5; n += 1) kv.set('full', `k${n}`, value);
  expect(code(() => kv.set('full', 'k5', value))).toBe('quota_exceeded');
  // In place of what is there, there is room.
  kv.set('full', 'k0', value);
  kv.delete('full', 'k1');
  kv.set('full', 'k5', value);
  expect(code(() => kv.set('full', 'k6', value))).toBe('quota_exceeded');
  // What expires makes room by itself.
  kv.delete('full', 'k5');
  vi.useFakeTimers({ now: Date.now() });
  try {
    kv.set('full', 'k5', value, { ttl_s: 1 });
    vi.advanceTimersByTime(1001);
    kv.set('full', 'k6', value);
  } finally {
    vi.useRealTimers();
  }
  expect(kv.usage('full').bytes).toBeLessThan(1024 * 1024);
});

it('exports everything, in parts', async () => {
  db.transaction(() => {
    for (let n = 0; n < 2500; n += 1) kv.set('export', `k${String(n).padStart(5, '0')}`, n);
  })();
  const values: unknown[] = [];
  for await (const { value } of kv.all('export', new AbortController().signal)) values.push(value);
  expect(values).toEqual(Array.from({ length: 2500 }, (_, n) => n));
});

it('takes no key that would be kept as another', () => {
  expect(code(() => kv.set('half', 'a\ud800', 1))).toBe('bad_request');
  expect(code(() => kv.get('half', '\udc00'))).toBe('bad_request');
  expect(kv.list('half').entries).toEqual([]);
});

it('does not read values that nobody asked for', () => {
  kv.set('names', 'broken', 1);
  db.prepare("UPDATE plugin_kv SET value = 'no JSON' WHERE plugin_id = 'names'").run();
  expect(kv.list('names', { values: false }).entries).toMatchObject([{ key: 'broken', value: null }]);
});

it('keeps what is to stay as long as may be said, and reads it back', () => {
  kv.set('long', 'k', 1, { ttl_s: PLUGIN_KV_MAX_TTL_S });
  expect(kv.get('long', 'k')?.expires_at).toMatch(/^20\d\d-/);
  expect(kv.list('long').entries).toHaveLength(1);
});

it('knows what lies there to the byte, whatever came before', () => {
  const quota = 10_000;
  const counted = new PluginKv(db, quota);
  vi.useFakeTimers({ now: Date.now() });
  try {
    counted.set('count', 'old', 'x'.repeat(100), { ttl_s: 1 });
    counted.set('count', 'older', 'x'.repeat(200), { ttl_s: 1 });
    counted.set('count', 'kept', 'x'.repeat(300));
    vi.advanceTimersByTime(2000);
    // What a refusal takes back is there again; what has expired may be removed by its name.
    expect(code(() => counted.set('count', 'huge', 'x'.repeat(quota)))).toBe('quota_exceeded');
    expect(code(() => counted.set('count', 'kept', 1, { if_version: 7 }))).toBe('conflict');
    expect(counted.delete('count', 'old')).toBe(false);
    counted.set('count', 'kept', 'x'.repeat(50));
    expect([counted.delete('count', 'kept'), counted.delete('count', 'never')]).toEqual([true, false]);
    counted.set('count', 'again', 'x'.repeat(400));
  } finally {
    vi.useRealTimers();
  }
  const lies = Number(db.prepare("SELECT sum(bytes) FROM plugin_kv WHERE plugin_id = 'count'").pluck().get());
  // A key of four bytes, and the two quotes of a string.
  const left = quota - lies - 6;
  expect(code(() => counted.set('count', 'full', 'x'.repeat(left + 1)))).toBe('quota_exceeded');
  counted.set('count', 'full', 'x'.repeat(left));
});
