import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { PouringSocket } from './pouring-socket.ts';

test('a side that takes a little later gets everything, also when it never had enough to say that it drained', async () => {
  const sent = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, i) => i).buffer);
  const server = createServer((socket) => socket.end(sent));
  const folder = mkdtempSync(join(tmpdir(), 'toru-pour-'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
  const upstream = new PouringSocket(join(folder, 's'));
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
  expect(Buffer.concat(got).equals(sent), 'the same bytes').toBe(true);
});
