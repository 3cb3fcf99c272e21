import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { runCli } from '../cli/cli.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startLocalTransport } from '../transports/local-transport.ts';
import type { Caller } from '../users/caller.ts';

/** Files into and out of the folder of a terminal. */

let api: ApiHarness;
let client: Caller;
let folder: string;
let id: string;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  folder = mkdtempSync(join(tmpdir(), 'toru-files-'));
  mkdirSync(join(folder, 'below'));
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { cwd: folder, command: ['sh', '-c', 'cd below; echo here; exec cat'] });
  id = terminalShape.parse(made.json).id;
  while (!(await api.ask(api.admin, 'GET', `/api/terminals/${id}/output`)).text.includes('here'))
    await new Promise((next) => setTimeout(next, 20));
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

const below = (...names: string[]) => join(folder, 'below', ...names);
const path = (query: Record<string, string>) => `http://host/api/terminals/${id}/files?${new URLSearchParams(query)}`;
async function put(query: Record<string, string>, body: BodyInit | null, who: Caller = api.admin) {
  const init = { method: 'PUT', body, headers: { 'content-length': '1' }, duplex: 'half' };
  const answer = await api.app.fetch(new Request(path(query), init), { caller: who });
  return { status: answer.status, json: await answer.json() };
}
const get = (file: string, who: Caller = api.admin) => api.app.fetch(new Request(path({ path: file })), { caller: who });
const code = (value: string) => ({ error: { code: value } });
const parts = () => readdirSync(below()).filter((name) => name.endsWith('.part'));

test('a file goes where the program is, or to a path from there, and is never replaced unasked', async () => {
  expect(await put({ name: 'März 1.txt' }, 'one')).toEqual({ status: 201, json: { path: below('März 1.txt'), size: 3 } });
  expect(readFileSync(below('März 1.txt'), 'utf8')).toBe('one');
  expect(await put({ name: 'up.txt', path: '..' }, 'up')).toMatchObject({ json: { path: join(folder, 'up.txt') } });
  expect(await put({ name: 'März 1.txt' }, 'two')).toMatchObject({ status: 409, json: code('conflict') });
  expect(readFileSync(below('März 1.txt'), 'utf8')).toBe('one');
  expect((await put({ name: 'März 1.txt', overwrite: '1' }, 'two')).status).toBe(201);
  expect(readFileSync(below('März 1.txt'), 'utf8')).toBe('two');
  expect((await put({ name: 'empty' }, null)).json).toMatchObject({ size: 0 });
  expect(parts()).toEqual([]);
});

test('names and folders are checked', async () => {
  for (const name of ['', '.', '..', 'a/b', '../a', 'a\nb', 'a\0b', 'x'.repeat(256)])
    expect((await put({ name }, 'x')).status, JSON.stringify(name)).toBe(400);
  expect(await put({ name: 'a', path: 'nowhere' }, 'x')).toMatchObject({ status: 404, json: code('not_found') });
  expect(await put({ name: 'a', path: below('März 1.txt') }, 'x')).toMatchObject({ json: { error: { message: expect.any(String) } } });
  mkdirSync(below('folder'));
  expect(await put({ name: 'folder', overwrite: '1' }, 'x')).toMatchObject({ status: 409 });
  // A link in its place is replaced, and not followed.
  writeFileSync(join(folder, 'elsewhere'), 'stays');
  symlinkSync(join(folder, 'elsewhere'), below('link'));
  expect((await put({ name: 'link', overwrite: '1' }, 'x')).status).toBe(201);
  expect(readFileSync(join(folder, 'elsewhere'), 'utf8')).toBe('stays');
});

test('half a file leaves nothing behind', async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(100_000)),
    pull: (controller) => controller.error(new Error('the sender is gone')),
  });
  expect((await put({ name: 'half' }, broken)).status).toBeGreaterThanOrEqual(400);
  expect(existsSync(below('half'))).toBe(false);
  expect(parts()).toEqual([]);
});

test('a file is downloaded; a folder, a pipe and nothing are not', async () => {
  writeFileSync(below('a "b".bin'), Buffer.from([0, 1, 2, 255]));
  const answer = await get('a "b".bin');
  expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%20%22b%22.bin");
  expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 1, 2, 255]);
  expect((await get('.')).status).toBe(400);
  expect((await get('gone')).status).toBe(404);
  expect((await get('/dev/null')).status).toBe(400);
});

test('who may only look has neither, who may type has both, and a stranger sees no terminal', async () => {
  expect((await put({ name: 'c' }, 'x', client)).status).toBe(404);
  const share = (right: string) => api.ask(api.admin, 'PUT', `/api/terminals/${id}/shares/${client.user_id}`, { right });
  expect((await share('look')).status).toBe(204);
  expect((await put({ name: 'c' }, 'x', client)).status).toBe(403);
  expect((await get('a "b".bin', client)).status).toBe(403);
  expect((await share('type')).status).toBe(204);
  expect((await put({ name: 'c' }, 'x', client)).status).toBe(201);
  expect((await get('c', client)).status).toBe(200);
  // Nobody has read that body: no file is open for it.
  if (process.platform === 'linux')
    for (const fd of readdirSync('/proc/self/fd'))
      expect(existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : '').not.toContain(folder);
});

test('200 MB go both ways, and none of it stays in memory', async () => {
  const size = 200 * 1024 * 1024;
  const part = Buffer.alloc(256 * 1024, 'toru');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let sent = 0;
  const hash = createHash('sha256');
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      if (sent >= size) return controller.close();
      sent += part.length;
      hash.update(part);
      controller.enqueue(new Uint8Array(part));
    },
  });
  expect(await put({ name: 'large' }, body)).toMatchObject({ status: 201, json: { size } });
  const back = createHash('sha256');
  const answer = await get('large');
  for await (const bytes of answer.body ?? []) {
    back.update(bytes);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(back.digest('hex')).toBe(hash.digest('hex'));
  expect(most).toBeLessThan(100 * 1024 * 1024);
});

test('toru terminal put and get', async () => {
  const transport: LocalTransport = await startLocalTransport({ home: api.home, api: api.app, log: { error: () => undefined } });
  const own = mkdtempSync(join(tmpdir(), 'toru-own-'));
  let err = '';
  let out = '';
  const toru = (...args: string[]) => {
    err = out = '';
    const sink = (take: (text: string) => void) => ({
      isTTY: false,
      columns: 80,
      write: async (data: string | Uint8Array) => take(Buffer.from(data).toString()),
    });
    return runCli(['terminal', ...args], {
      out: sink((text) => (out += text)),
      err: sink((text) => (err += text)),
      input: Readable.from([]),
      keyboard: null,
      env: { TORU_HOME: api.home },
      interrupted: new AbortController().signal,
    });
  };
  try {
    const text = 'x'.repeat(3_000_000);
    writeFileSync(join(own, 'mine.txt'), text);
    expect([await toru('put', id, join(own, 'mine.txt')), err, out]).toEqual([0, '', `${below('mine.txt')}\n`]);
    expect(statSync(below('mine.txt')).size).toBe(text.length);
    expect(await toru('put', id, join(own, 'mine.txt'))).not.toBe(0);
    expect(err).toContain('There is a');
    expect([await toru('get', id, 'mine.txt', '--to', join(own, 'back.txt')), err]).toEqual([0, '']);
    expect(readFileSync(join(own, 'back.txt'), 'utf8')).toBe(text);
    expect(await toru('get', id, 'mine.txt', '--to', join(own, 'back.txt'))).not.toBe(0);
    expect(await toru('get', id, 'gone.txt', '--to', own)).not.toBe(0);
    expect(readdirSync(own).sort()).toEqual(['back.txt', 'mine.txt']);
  } finally {
    await transport.close();
    rmSync(own, { recursive: true, force: true });
  }
});
