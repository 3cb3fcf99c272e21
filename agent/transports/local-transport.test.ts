import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Caller } from '../users/caller.ts';
import { ownerOfProcess } from '../users/caller.ts';
import type { LocalTransport } from './local-transport.ts';
import { startLocalTransport } from './local-transport.ts';

let home: string;
let transport: LocalTransport | null = null;
const callers: Caller[] = [];
const logged: unknown[] = [];
const log = { error: (detail: object) => void logged.push(detail) };

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-transport-'));
  callers.length = 0;
  logged.length = 0;
});
afterEach(async () => {
  await transport?.close();
  transport = null;
  rmSync(home, { recursive: true, force: true });
});

const api = {
  fetch: async (asked: Request, { caller }: { caller: Caller }): Promise<Response> => {
    callers.push(caller);
    const { pathname, search } = new URL(asked.url);
    if (pathname === '/endless') return new Response(endless());
    return new Response(`${asked.method} ${pathname}${search} ${await asked.text()}`, { headers: { 'x-a': 'b' } });
  },
};

let cancelled = false;
function endless(): ReadableStream<Uint8Array> {
  cancelled = false;
  return new ReadableStream(
    {
      pull: (controller) => {
        if (!cancelled) controller.enqueue(new Uint8Array(1024));
        return new Promise((resolve) => setTimeout(resolve, 5));
      },
      cancel: () => {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
}

function ask(path: string, method = 'GET', body = ''): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: join(home, 'api.sock'), path, method }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

it('answers for the API, on a socket of its owner alone, as a local admin', async () => {
  transport = await startLocalTransport({ home, api, log });
  expect(transport.path).toBe(join(home, 'api.sock'));
  expect(statSync(transport.path).mode & 0o777).toBe(0o600);
  expect(await ask('/api/x?y=1', 'POST', 'body')).toMatchObject({ status: 200, text: 'POST /api/x?y=1 body', headers: { 'x-a': 'b' } });
  expect(callers).toEqual([{ ...ownerOfProcess(), auth_time: expect.any(Number) }]);
  expect(callers[0]).toMatchObject({ user_id: `local:${userInfo().uid}`, role: 'admin', via: 'local', sid: null });
  expect(Math.abs(Date.now() - (callers[0]?.auth_time ?? 0))).toBeLessThan(60_000);
});

it('removes its socket when it closes, also with a request open', async () => {
  transport = await startLocalTransport({ home, api, log });
  const left = ask('/endless').catch(() => 'ended');
  await expect.poll(() => callers.length).toBeGreaterThan(0);
  await transport.close();
  expect(await left).toBe('ended');
  expect(existsSync(transport.path), transport.path).toBe(false);
});

it('ends the work for a client that leaves', async () => {
  transport = await startLocalTransport({ home, api, log });
  const outgoing = request({ socketPath: transport.path, path: '/endless' }, (incoming) => incoming.once('data', () => outgoing.destroy()));
  outgoing.on('error', () => undefined).end();
  await expect.poll(() => cancelled, { message: 'the work is cancelled' }).toBe(true);
});

it('takes a client that leaves before its answer for no fault of its own', async () => {
  const left = Promise.withResolvers<void>();
  const waits = async (asked: Request, { caller }: { caller: Caller }): Promise<Response> => {
    callers.push(caller);
    await new Promise((resolve) => asked.signal.addEventListener('abort', resolve));
    left.resolve();
    throw asked.signal.reason;
  };
  transport = await startLocalTransport({ home, api: { fetch: waits }, log });
  const outgoing = request({ socketPath: transport.path, path: '/api/x' });
  outgoing.on('error', () => undefined).end();
  await expect.poll(() => callers.length).toBe(1);
  outgoing.destroy();
  await left.promise;
  await new Promise(setImmediate);
  expect(logged).toEqual([]);
});

it.each(['/api/%2e%2e/x', '/api/a%2Fb', '/api/../x', '/api//x', '/api/a%00', '/api/a\\b', '/api/.'])(
  'refuses the path %j before it is put straight',
  async (path) => {
    transport = await startLocalTransport({ home, api, log });
    const socket = connect(transport.path);
    socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"bad_path"');
    expect(callers).toEqual([]);
  },
);

it('takes the place of a socket that a killed agent left', async () => {
  const path = join(home, 'api.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).on('exit', resolve));
  expect(statSync(path).isSocket()).toBe(true);
  transport = await startLocalTransport({ home, api, log });
  expect((await ask('/api/x')).status).toBe(200);
});

it('leaves a living agent, and what is no socket, alone', async () => {
  transport = await startLocalTransport({ home, api, log });
  await expect(startLocalTransport({ home, api, log })).rejects.toThrow('Another agent answers');
  expect((await ask('/api/x')).status).toBe(200);
  const other = join(home, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'api.sock'), 'precious');
  await expect(startLocalTransport({ home: other, api, log })).rejects.toThrow('is not a socket');
  expect(existsSync(join(other, 'api.sock')), join(other, 'api.sock')).toBe(true);
});

it('says so when the path is too long for a socket', async () => {
  const long = join(home, 'x'.repeat(100));
  mkdirSync(long);
  await expect(startLocalTransport({ home: long, api, log })).rejects.toThrow(/too long for a socket.*shorter TORU_HOME/);
});

it('answers an error when the API itself breaks, and goes on', async () => {
  transport = await startLocalTransport({ home, api: { fetch: () => Promise.reject(new Error('secret detail')) }, log });
  const answer = await ask('/api/x');
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.text).not.toContain('secret');
  expect(logged).toHaveLength(1);
  expect((await ask('/api/x')).status).toBeGreaterThanOrEqual(400);
});
