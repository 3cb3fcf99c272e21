import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Connection } from './plugin-connection.ts';

const PING = (n: number): string =>
  `${JSON.stringify({ type: 'kv', timestamp: '', request_id: String(n), payload: { action: 'get', key: 'k' } })}\n`;

test('a plugin that asks for much work at once leaves the loop to others in between, and all of it is done in order', async () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-connection-'));
  const path = join(home, 's');
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((socket) => connected.resolve(socket)).listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  const plugin = createConnection(path);
  // All of it is in the socket, and its end, before the first of it is read.
  plugin.end(Array.from({ length: 60 }, (_, n) => PING(n)).join(''));
  const order: string[] = [];
  let [turns, inTurn, most] = [0, 0, 0];
  const socket = await connected.promise;
  const ended = new Promise<string | null>((resolve) => {
    new Connection(socket, {
      read: (read) => {
        if (read.kind === 'message') order.push(read.message.request_id);
        inTurn += 1;
        most = Math.max(most, inTurn);
        for (const until = performance.now() + 5; performance.now() < until; );
      },
      ended: resolve,
    });
  });
  let watching = true;
  const turn = (): void => {
    [turns, inTurn] = [turns + 1, 0];
    if (watching) setImmediate(turn);
  };
  turn();
  expect(await ended).toBeNull();
  watching = false;
  expect(order).toEqual(Array.from({ length: 60 }, (_, n) => String(n)));
  // Each took 5 ms: two or three of them are 10.
  expect(most).toBeLessThan(6);
  expect(turns).toBeGreaterThan(10);
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true });
});
