import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

/** Bad input to the routes about plugins: an error that says what is wrong, and nothing of what is not the asker's. */

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
});
afterAll(() => api.close());

const codeOf = async (who: Caller, method: string, path: string, body?: unknown): Promise<unknown> =>
  Object(Object((await api.ask(who, method, path, body)).json).error).code;

describe('what can’t be', () => {
  it.each<[string, string, unknown, string]>([
    ['GET', '/api/plugins/UPPER', undefined, 'bad_request'],
    ['GET', '/api/plugins/__proto__', undefined, 'bad_request'],
    ['GET', `/api/plugins/${'a'.repeat(41)}`, undefined, 'bad_request'],
    ['GET', '/api/plugins/nobody', undefined, 'unknown_plugin'],
    ['GET', '/api/plugins/constructor', undefined, 'unknown_plugin'],
    ['POST', '/api/plugins/nobody/enable', {}, 'unknown_plugin'],
    ['POST', '/api/plugins/nobody/enable', { sha256: 'short' }, 'bad_request'],
    ['POST', '/api/plugins/nobody/enable', { more: 1 }, 'bad_request'],
    ['POST', '/api/plugins/nobody/disable', {}, 'unknown_plugin'],
    ['GET', '/api/plugins/nobody/logs?limit=0', undefined, 'bad_request'],
    ['GET', '/api/plugins/nobody/logs?limit=1e9', undefined, 'bad_request'],
    ['GET', '/api/plugins/nobody/logs?before=yesterday', undefined, 'bad_request'],
    ['GET', '/api/plugins/nobody/logs', undefined, 'unknown_plugin'],
    ['GET', '/api/plugins/nobody/bundle.js', undefined, 'unknown_plugin'],
    ['GET', '/api/plugins/nobody/a%2fb', undefined, 'bad_path'],
    ['GET', '/api/plugins/nobody//b', undefined, 'bad_path'],
    ['GET', '/api/plugin%73/nobody/x', undefined, 'not_found'],
    ['PUT', '/api/plugin-admin/nobody/settings', { 'Bad Name': 1 }, 'bad_request'],
    ['PUT', '/api/plugin-admin/nobody/settings', { a: {} }, 'bad_request'],
    ['PUT', '/api/plugin-admin/nobody/settings', {}, 'unknown_plugin'],
    ['DELETE', '/api/plugin-admin/nobody', undefined, 'bad_request'],
    ['DELETE', '/api/plugin-admin/nobody?data=some', undefined, 'bad_request'],
    ['DELETE', '/api/plugin-admin/nobody?data=keep', undefined, 'unknown_plugin'],
    ['POST', '/api/plugin-admin/install', { path: '' }, 'bad_request'],
    ['GET', '/api/plugin-kv/nobody?limit=1001', undefined, 'bad_request'],
    ['GET', '/api/plugin-kv/nobody/entry', undefined, 'bad_request'],
    ['GET', '/api/plugin-kv/nobody/entry?key=a', undefined, 'unknown_plugin'],
    ['PUT', '/api/plugin-kv/nobody/entry?key=a', {}, 'bad_request'],
    ['PUT', '/api/plugin-kv/nobody/entry?key=a', { value: 1, ttl_s: 1e15 }, 'bad_request'],
    ['PUT', '/api/plugin-kv/nobody/entry?key=a', { value: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) }, 'bad_json'],
    ['PUT', '/api/plugin-kv/nobody/entry?key=a&if_version=-1', { value: 1 }, 'bad_request'],
  ])('%s %s (%#)', async (method, path, body, code) => {
    expect(await codeOf(api.admin, method, path, body)).toBe(code);
  });
});

it('whether a plugin exists is not to be learned from what only admins may do', async () => {
  for (const [method, path] of [
    ['POST', '/api/plugins/nobody/enable'],
    ['GET', '/api/plugins/nobody/logs'],
    ['HEAD', '/api/plugins/nobody/logs'],
    ['DELETE', '/api/plugin-admin/nobody?data=keep'],
    ['POST', '/api/plugin-admin/install'],
  ] as const)
    expect([path, (await api.ask(client, method, path, method === 'POST' ? {} : undefined)).status]).toEqual([path, 403]);
});

it('nothing of this host is installed, or looked for, from elsewhere, however lately the password was typed', async () => {
  for (const path of ['/etc', '/nonexistent'])
    expect(await codeOf(api.admin, 'POST', '/api/plugin-admin/install', { path })).toBe('forbidden');
  expect(await codeOf({ ...api.admin, via: 'local' }, 'POST', '/api/plugin-admin/install', { path: 'relative' })).toBe('bad_request');
});
