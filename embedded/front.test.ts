import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_CLIENT_FRAME, MAX_LINK_FRAME, USER_BYTES_BURST, USER_BYTES_PER_S } from '../shared/limits.ts';
import { createFront } from './front.ts';

describe('the front', () => {
  let upstream: Server;
  let front: Server;
  let port: number;
  let up: string | null = null;
  const folder = mkdtempSync(join(tmpdir(), 'toru-front-'));
  /** Headers that got through, of the last request. */
  let seen: IncomingMessage['headers'] = {};
  let left: Promise<void> = Promise.resolve();
  let hung = 0;
  /** Connections on which something was asked before. */
  const used = new WeakSet<Socket>();
  let broken = 0;

  beforeAll(async () => {
    upstream = createServer((asked, answer) => {
      seen = asked.headers;
      const isUsed = used.has(asked.socket);
      used.add(asked.socket);
      if (asked.url === '/ends' && isUsed) {
        broken += 1;
        asked.socket.destroy();
        return;
      }
      if (asked.url === '/hang') {
        hung += 1;
        left = new Promise((resolve) => asked.socket.on('close', () => resolve()));
        return;
      }
      asked.pipe(answer);
    });
    const socket = join(folder, 's');
    await new Promise<void>((resolve) => upstream.listen(socket, resolve));
    up = socket;
    front = createFront({ upstream: () => up, token: 'secret', publicNames: ['toru.home.lan'] });
    port = await listening(front);
  });
  afterAll(() => {
    front.close();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer,
    method = body === undefined ? 'GET' : 'POST',
  ): Promise<{ status: number; text: string; bytes: Buffer }> {
    return new Promise((resolve, reject) => {
      const asked = request({ port, path, headers, method, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => {
          const bytes = Buffer.concat(parts);
          resolve({ status: answer.statusCode ?? 0, text: bytes.toString(), bytes });
        });
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  it('strips what only Cloudflare or itself may say, and says who asks', async () => {
    await ask('/', {
      'cf-connecting-ip': '6.6.6.6',
      'cf-anything': 'x',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
      'true-client-ip': '6.6.6.6',
      'x-toru-peer': '6.6.6.6',
      'x-toru-front': 'guessed',
      'x-toru-envelope': '{}',
      cookie: 'a=b',
      accept: 'x',
    });
    expect(seen).toEqual({
      host: `localhost:${port}`,
      cookie: 'a=b',
      accept: 'x',
      connection: 'keep-alive',
      'x-toru-peer': '127.0.0.1',
      'x-toru-front': 'secret',
    });
  });

  it('takes the client’s address from a proxy that it was told to trust, and still passes on no header of it', async () => {
    const behind = createFront({ upstream: () => up, token: 'secret', publicNames: [], trustedProxies: ['127.0.0.0/8'] });
    const at = await listening(behind);
    await fetch(`http://127.0.0.1:${at}/`, { headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.1', 'x-real-ip': '6.6.6.6' } });
    expect(seen).toMatchObject({ 'x-toru-peer': '192.0.2.1' });
    expect(Object.keys(seen)).not.toEqual(expect.arrayContaining([expect.stringMatching(/forwarded|real-ip/)]));
    behind.close();
    behind.closeAllConnections();
  });

  it.each([
    ['evil.example', 403],
    [`localhost.evil.example`, 403],
    ['toru.home.lan', 200],
    ['192.168.0.9:3000', 200],
  ])('answers to Host “%s” with %i', async (host, status) => {
    expect((await ask('/', { host })).status).toBe(status);
  });

  const sayRaw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const client = connect(port, '127.0.0.1', () => client.write(text));
      let said = '';
      client.setEncoding('utf8').on('data', (part) => {
        said += part;
      });
      client.on('end', () => resolve(said)).on('error', reject);
    });

  it('refuses a request with two Host headers, of which a proxy may have looked at the other', async () => {
    const heads = ['Host: localhost\r\nHost: evil.example', 'Host: localhost\r\nhost: localhost'];
    for (const hosts of heads) expect(await sayRaw(`GET / HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await sayRaw('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(['/api/%2e%2e/users', '/api/runs/..%2fx', '/a%5cb', '/a%00', '//evil.example/', '/a/../b', 'http://evil.example/'])(
    'refuses the path %s',
    async (path) => {
      const answer = await ask(path);
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { error: { code: 'bad_path' } }]);
    },
  );

  it('has nothing where Cloudflare keeps what is its own', async () => {
    for (const path of ['/cdn-cgi/platform-proxy', '/cdn-cgi/handler/scheduled', '/cdn-cgi', '/CDN-CGI/explorer'])
      expect((await ask(path)).status).toBe(404);
  });

  it('streams a body both ways, unchanged', async () => {
    const body = Buffer.alloc(5_000_000, 'toru');
    expect((await ask('/echo', {}, body)).bytes.equals(body), 'the same bytes').toBe(true);
  });

  it('hands on an answer that came before the body was read, with the connection closed behind it', async () => {
    const early = createPlainServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', () => socket.destroy())),
    );
    const path = join(folder, 'early');
    await new Promise<void>((resolve) => early.listen(path, resolve));
    const before = up;
    up = path;
    const answers = new Set<number>();
    for (let n = 0; n < 30; n += 1) answers.add((await ask('/early', {}, Buffer.alloc(300_000), 'POST')).status);
    up = before;
    early.close();
    expect([...answers]).toEqual([403]);
  });

  it('holds no connection of a request that was answered', async () => {
    const held = (): number => process.getActiveResourcesInfo().filter((name) => /^(?:TCPSocket|Pipe)Wrap$/.test(name)).length;
    await ask('/echo', {}, Buffer.from('first'));
    const before = held();
    for (let n = 0; n < 50; n += 1) await ask('/echo', {}, Buffer.from('once more'));
    await expect.poll(held).toBeLessThan(before + 10);
  });

  it('passes on that a client left', async () => {
    const asked = request({ port, path: '/hang', agent: false });
    asked.on('error', () => undefined);
    asked.end();
    await expect.poll(() => hung).toBe(1);
    asked.destroy();
    await left;
    // And asks it not once more.
    await ask('/');
    expect(hung).toBe(1);
  });

  it('asks once more where a connection ended just as it was used again, but only what may be asked twice', async () => {
    await ask('/');
    expect([(await ask('/ends')).status, broken]).toEqual([200, 1]);
    await ask('/');
    expect([(await ask('/ends', {}, undefined, 'DELETE')).status, broken]).toEqual([200, 1]);
  });

  it('says that the edge is starting while it is', async () => {
    const before = up;
    up = null;
    const answer = await ask('/api/health');
    up = before;
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([503, { error: { code: 'busy' } }]);
  });

  /** Opens a socket through the front to an upstream that answers with `say`. @param more headers of its first answer. */
  async function upgraded(say: (to: Duplex) => void, more = '', path = '/api/ws', wanted = ''): Promise<Socket> {
    upstream.once('upgrade', (asked, socket: Duplex) => {
      seen = asked.headers;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}\r\n`);
      say(socket);
    });
    const client = connect(port, '127.0.0.1');
    client.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n${wanted}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
    return client;
  }

  it('hands on what the edge says byte for byte, also to a browser that stops reading for a while', async () => {
    // Words that say where they stand: a buffer that is used too early shows.
    const sent = Buffer.from(Uint32Array.from({ length: 4_000_000 }, (_, i) => i).buffer);
    const sizes = [1, 3, 5_000, 65_536, 70_001, 300_000];
    const client = await upgraded((to) => {
      let at = 0;
      const more = (): void => {
        for (let i = 0; at < sent.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          const goesOn = to.write(sent.subarray(at, at + size));
          at += size;
          if (!goesOn) return void to.once('drain', more);
        }
        to.end();
      };
      more();
    });
    const got: Buffer[] = [];
    for await (const part of client) {
      got.push(part);
      if (got.length % 50 === 1) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const all = Buffer.concat(got);
    const body = all.subarray(all.indexOf('\r\n\r\n') + 4);
    expect([body.length, body.equals(sent)]).toEqual([sent.length, true]);
  });

  it.each([
    ['/api/agent/ws?host=x', MAX_LINK_FRAME, 'the signature of its dial'],
    ['/api/ws', MAX_CLIENT_FRAME, undefined],
  ])('passes on %s a message of %i bytes, and of a longer one that much', async (path, most, dial) => {
    const lengths: number[] = [];
    const client = await upgraded(
      (to) => {
        let all = Buffer.alloc(0);
        to.on('data', (part: Buffer) => {
          all = Buffer.concat([all, part]);
          // Each with ten bytes that say its length, and a mask of four.
          for (let length = 0; all.length >= 14; all = all.subarray(14 + length)) {
            length = Number(all.readBigUInt64BE(2));
            if (all.length < 14 + length) break;
            lengths.push(length);
          }
        });
      },
      '',
      path,
      'X-Toru-Dial: the signature of its dial\r\nX-Toru-Envelope: no\r\n',
    );
    await new Promise((resolve) => client.once('data', resolve));
    expect([seen['x-toru-dial'], seen['x-toru-envelope']]).toEqual([dial, undefined]);
    for (const length of [most, most + 1, most + 9000]) {
      const message = Buffer.alloc(14 + length, 'x');
      Buffer.from([0x82, 0xff]).copy(message);
      message.writeBigUInt64BE(BigInt(length), 2);
      client.write(message.fill(0, 10, 14));
    }
    // One byte more than allowed arrives, by which the edge knows that it was more.
    await expect.poll(() => lengths).toEqual([most, most + 1, most + 1]);
    client.destroy();
  });

  it('reads what a user says on two sockets no faster than their pace, and tells no browser whose socket it has', async () => {
    let got = 0;
    const clients: Socket[] = [];
    const heads: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      const client = await upgraded((to) => {
        to.on('error', () => undefined);
        to.on('data', (part: Buffer) => {
          got += part.length;
        });
      }, 'X-Toru-User: eve\r\n');
      client.on('error', () => undefined);
      heads.push(String(await new Promise((resolve) => client.once('data', resolve))));
      clients.push(client);
    }
    expect(heads.join()).toContain('101');
    expect(heads.join().toLowerCase()).not.toContain('eve');
    const began = performance.now();
    const message = Buffer.alloc(14 + 250_000, 'x');
    Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x03, 0xd0, 0x90, 0, 0, 0, 0]).copy(message);
    for (let n = 0; n < 24; n += 1) for (const client of clients) client.write(message);
    await expect.poll(() => got, { timeout: 20_000 }).toBeGreaterThan(USER_BYTES_BURST);
    for (let look = 0; look < 20; look += 1) {
      const most = USER_BYTES_BURST + ((performance.now() - began) / 1000) * USER_BYTES_PER_S;
      expect(got).toBeLessThan(most + 300_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const client of clients) client.destroy();
  });

  it.each([
    ['pings', 0x89],
    ['empty pieces of a message', 0x00],
  ])('passes %s no faster than a browser would send them, each of them, and other frames behind them', async (_what, first) => {
    const sent = Buffer.concat([
      ...Array.from({ length: 1200 }, () => Buffer.from([first, 0x80, 0, 0, 0, 0])),
      Buffer.from('\x89\x84\0\0\0\0last'),
    ]);
    const began = performance.now();
    const got = await new Promise<Buffer>((resolve) => {
      void upgraded((to) => {
        let all = Buffer.alloc(0);
        to.on('data', (part: Buffer) => {
          all = Buffer.concat([all, part]);
          if (all.includes('last')) resolve(all);
        });
      }).then((client) => client.on('data', () => undefined).write(sent));
    });
    expect(got.equals(sent), 'the same bytes').toBe(true);
    // 200 at once, then 200 a second; the last piece of what was read goes before it is paid for.
    expect(performance.now() - began).toBeGreaterThan(2000);
  });

  it('ends the edge’s side of a socket when the browser goes, and the browser’s when the edge goes', async () => {
    let gone: Promise<unknown> = Promise.resolve();
    const client = await upgraded((to) => {
      gone = new Promise((resolve) => to.on('end', resolve).on('error', resolve).resume());
      to.write('x');
    });
    await new Promise((resolve) => client.once('data', resolve));
    client.resetAndDestroy();
    await gone;
    const other = await upgraded((to) => to.destroy());
    other.resume();
    await new Promise((resolve) => other.on('close', resolve));
  });

  it('outlives a client that speaks no HTTP', async () => {
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
      let said = '';
      socket.on('data', (data: Buffer) => {
        said += data.toString();
      });
      socket.on('close', () => resolve(said));
    });
    expect(text).toMatch(/^HTTP\/1.1 400/);
    expect((await ask('/')).status).toBe(200);
  });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    }),
  );
}
