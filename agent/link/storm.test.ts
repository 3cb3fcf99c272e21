import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { randomHex } from '../../shared/encoding.ts';
import { BACKOFF_BASE_MS, PROTOCOL_VERSION } from '../../shared/limits.ts';
import { CONTROL, textMessage } from '../../shared/link-protocol.ts';
import { loadIdentity } from './identity.ts';
import { Link } from './link.ts';

const AGENTS = 50;
const INSTALLATION = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
const HOST = '0f8fad5b-d9cb-469f-a165-70867728950e';
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An edge that takes everybody in. @param port 0: any. */
async function startEdge(port: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  await new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    const challenge = { type: 'challenge', protocol: PROTOCOL_VERSION, edge_nonce: randomHex(32), installation: INSTALLATION };
    socket.send(JSON.stringify(challenge));
    const welcome = { type: 'welcome', epoch: randomHex(8), protocol: PROTOCOL_VERSION };
    socket.once('message', () => socket.send(textMessage(CONTROL, JSON.stringify(welcome))));
  });
  const stop = async (): Promise<void> => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, stop };
}

test('fifty agents whose edge restarts do not come back as one, and all of them come back', async () => {
  const identity = loadIdentity(mkdtempSync(join(tmpdir(), 'toru-storm-')));
  let edge = await startEdge(0);
  cleanups.push(() => edge.stop());
  const origin = `http://127.0.0.1:${edge.port}`;
  let linked = 0;
  let ups = 0;
  /** Of each agent, how long it waits after each failure, in ms. */
  const waits = Array.from({ length: AGENTS }, (): number[] => []);
  for (const mine of waits) {
    const link = new Link({
      edge: { url: origin, origin },
      identity,
      self: () => ({ id: HOST, name: 'test', version: '0' }),
      listener: {
        up: () => {
          linked += 1;
          ups += 1;
        },
        down: () => {
          linked -= 1;
        },
        control: () => undefined,
        text: () => undefined,
        binary: () => undefined,
      },
      log: {
        info: () => undefined,
        warn: (detail) => {
          if ('retry_ms' in detail && typeof detail.retry_ms === 'number') mine.push(detail.retry_ms);
        },
      },
    });
    cleanups.push(() => link.stop());
    link.start();
  }
  const all = async (count: number): Promise<void> => {
    await expect.poll(() => linked, { interval: 5 }).toBe(count);
  };
  await all(AGENTS);
  await edge.stop();
  await all(0);
  // Away for long enough that some fail twice.
  await sleep(1500);
  edge = await startEdge(edge.port);
  await all(AGENTS);

  expect(ups).toBe(2 * AGENTS);
  for (const mine of waits) {
    for (const [failures, wait] of mine.entries()) expect(wait).toBeLessThanOrEqual(BACKOFF_BASE_MS * 2 ** (failures + 1));
  }
  // What they chose, not when they came: this machine may be slow, and that would look like a storm.
  const first = waits.map(([wait = 0]) => wait).sort((a, b) => a - b);
  const together = Math.max(...first.map((wait) => first.filter((other) => other >= wait && other < wait + 100).length));
  expect(together).toBeLessThan(AGENTS / 2);
  expect((first.at(-1) ?? 0) - (first[0] ?? 0)).toBeGreaterThan(BACKOFF_BASE_MS);
});
