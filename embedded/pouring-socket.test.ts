import { createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from './ports.ts';
import { PouringSocket } from './pouring-socket.ts';

test('a side that takes a little later gets everything, also when it never had enough to say that it drained', async () => {
  const sent = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, i) => i).buffer);
  const server = createServer((socket) => socket.end(sent));
  onTestFinished(() => void server.close());
  const upstream = new PouringSocket(await listen(server, '127.0.0.1', 0));
  const got: Buffer[] = [];
  const into = new Duplex({
    read: () => undefined,
    writableHighWaterMark: sent.length,
    write: (chunk: Buffer, _, done) => {
      // What is in the buffer then counts, as for a kernel that had no room.
      setImmediate(() => {
        got.push(Buffer.from(chunk));
        done();
      });
    },
  });
  upstream.pourInto(into);
  await new Promise((resolve) => into.on('finish', resolve));
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});
