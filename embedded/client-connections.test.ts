import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConnectionLimits } from './client-connections.ts';
import { createFront } from './front.ts';
import { listen } from './ports.ts';

/** Clients that hold on to what they never finish, with deadlines that are short. Connections are counted, not times. */

const SHORT = { headMs: 300, stallMs: 400, closeMs: 200, idleMs: 300, everyMs: 50 };
/** More than the kernel holds between two sockets. */
const LARGE = Buffer.alloc(64 * 1024 * 1024);
const clients: Socket[] = [];
let upstream: Server;
let front: Server;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toru-slow-'));
  upstream = createServer((asked, answer) => {
    if (asked.url === '/large') answer.end(LARGE);
    else if (asked.url === '/never') return;
    else asked.resume().on('end', () => answer.end('ok'));
  });
  await new Promise<void>((resolve) => upstream.listen(join(folder, 's'), resolve));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of [front, upstream]) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function open(limits: Partial<ConnectionLimits>): Promise<number> {
  front = createFront({ upstream: () => join(folder, 's'), token: 't', publicNames: [], limits });
  return listen(front, '127.0.0.1', 0);
}

/** @param end half-closes after it. */
function hold(port: number, text: string, end = false): Promise<Socket> {
  return new Promise((resolve) => {
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => resolve(client));
    clients.push(client);
    client.on('error', () => undefined);
    if (text !== '') client.write(text);
    if (end) client.end();
  });
}

const held = (): Promise<number> => new Promise((resolve) => front.getConnections((_error, count) => resolve(count)));

function ask(port: number, path = '/api/health'): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, path, agent: false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
      .on('error', reject)
      .end();
  });
}

const HEAD = 'GET /x HTTP/1.1\r\nHost: localhost\r\n';
const POST = 'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';

test.each([
  ['nothing', '', false],
  ['half of a head', HEAD, false],
  ['half of a head, and a half-close', HEAD, true],
  ['no HTTP, and a half-close', 'hello\r\n\r\n', true],
  ['half of a second head', `${HEAD}\r\n${HEAD}`, false],
  ['half of a body', `${POST}abc`, false],
  ['half of a body, and a half-close', `${POST}abc`, true],
  ['the body of a request that was refused', POST.replace('localhost', 'evil.example'), false],
  ['a request, and reads nothing of its answer', 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n', false],
])('a client that sends %s is gone after its deadline', async (_what, text, end) => {
  const port = await open(SHORT);
  // Ten megabytes of an answer are on their way, in the kernel, before it comes to a stop.
  const many = text.includes('/large') ? 10 : 100;
  const them = await Promise.all(Array.from({ length: many }, () => hold(port, text, end)));
  for (const client of them) client.pause();
  await expect.poll(held).toBe(0);
  // On a busy machine one that asks may be late for these deadlines, too.
  await expect.poll(() => ask(port).catch(String)).toBe(200);
});

test('a client that trickles its head, or its body, is gone too', async () => {
  const port = await open(SHORT);
  const slow = [await hold(port, HEAD), await hold(port, POST)];
  const trickle = setInterval(() => {
    for (const client of slow) if (!client.destroyed) client.write('a');
  }, 100);
  await expect.poll(held).toBe(0);
  clearInterval(trickle);
});

test('a host that takes its time is waited for, and so is a client that reads on', async () => {
  // Longer than a busy machine may keep this client from reading; it reads for longer than that.
  const port = await open({ stallMs: 2000, everyMs: 50 });
  const waiting = await hold(port, 'GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const reading = await hold(port, 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let read = 0;
  reading.on('data', (part: Buffer) => {
    read += part.length;
    reading.pause();
    setTimeout(() => reading.resume(), 5);
  });
  await expect.poll(() => read).toBeGreaterThan(32 * 1024 * 1024);
  expect([waiting.destroyed, waiting.readableEnded]).toEqual([false, false]);
});

test('when the places are taken, who has been silent for longest gives way: whoever asks gets through', async () => {
  const port = await open({ perKind: 50 });
  const crowd = await Promise.all(Array.from({ length: 400 }, () => hold(port, `${POST}abc`)));
  for (let n = 0; n < 20; n += 1) expect(await ask(port)).toBe(200);
  expect(await held()).toBeLessThanOrEqual(51);
  expect(crowd.length).toBe(400);
});
