import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFront } from './front.ts';

const TEXT = 'a line of text that comes again and again\n'.repeat(500);

describe('what the front packs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-packed-'));
  /** Answers with the headers that the query names; `broken`: ends after half of its length. */
  const upstream = createServer((asked, answer) => {
    const {
      broken,
      slow,
      text: once = TEXT,
      times = '1',
      status = '200',
      ...headers
    } = Object.fromEntries(new URL(asked.url ?? '/', 'http://x').searchParams);
    const text = once.repeat(Number(times));
    answer.writeHead(Number(status), headers);
    if (slow !== undefined) {
      answer.write(text);
      hung.push(answer);
    } else if (broken === undefined) answer.end(asked.method === 'HEAD' ? '' : text);
    else answer.write(text.slice(0, text.length / 2), () => setTimeout(() => answer.destroy(), 20));
  });
  const hung: ServerResponse[] = [];
  let front: Server;
  let port = 0;

  beforeAll(async () => {
    const path = join(folder, 's');
    await new Promise<void>((resolve) => upstream.listen(path, resolve));
    front = createFront({ upstream: () => path, token: 'secret', publicNames: [] });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const address = front.address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });
  afterAll(() => {
    for (const server of [front, upstream]) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(query: Record<string, string>, accept: string | null = 'gzip, deflate, br', method = 'GET') {
    return new Promise<{ headers: IncomingHttpHeaders; bytes: Buffer; whole: boolean }>((resolve, reject) => {
      const headers = accept === null ? {} : { 'accept-encoding': accept };
      const length = query['transfer-encoding'] === undefined ? { 'content-length': String(TEXT.length) } : {};
      const path = `/?${new URLSearchParams({ ...length, ...query })}`;
      const asked = request({ port, path, headers, method, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', () => undefined);
        answer.on('close', () => resolve({ headers: answer.headers, bytes: Buffer.concat(parts), whole: answer.complete }));
      });
      asked.on('error', reject).end();
    });
  }

  it.each([
    'text/javascript; charset=utf-8',
    'text/css; charset=utf-8',
    'text/html; charset=utf-8',
    'application/json',
    'application/manifest+json',
    'image/svg+xml',
  ])('%s comes packed, with its length, to who takes it so', async (type) => {
    const { headers, bytes } = await ask({ 'content-type': type, etag: '"1"' });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding', etag: 'W/"1"', 'content-type': type });
    expect(Number(headers['content-length'])).toBe(bytes.length);
    expect(bytes.length).toBeLessThan(TEXT.length / 10);
    expect(gunzipSync(bytes).toString()).toBe(TEXT);
  });

  it.each([null, 'br', 'identity', 'gzip;q=0', 'gzip; q=0.0, br'])(
    'comes as it is to who accepts %s, and says that it depends',
    async (accept) => {
      const { headers, bytes } = await ask({ 'content-type': 'text/css', etag: '"1"' }, accept);
      expect(headers).toMatchObject({ vary: 'accept-encoding', etag: '"1"', 'content-length': String(TEXT.length) });
      expect(headers['content-encoding']).toBeUndefined();
      expect(bytes.toString()).toBe(TEXT);
    },
  );

  it('a weight that is not nought is a yes', async () => {
    expect((await ask({ 'content-type': 'text/css' }, 'br;q=1.0, gzip;q=0.8')).headers['content-encoding']).toBe('gzip');
  });

  it.each([
    ['a log', { 'content-type': 'text/plain' }],
    ['an icon', { 'content-type': 'image/png' }],
    ['what was packed before', { 'content-type': 'text/css', 'content-encoding': 'br' }],
    ['an error', { 'content-type': 'application/json', status: '404' }],
    ['a short text', { 'content-type': 'application/json', text: '{}', 'content-length': '2' }],
  ])('%s comes as it is', async (_, query) => {
    const { headers, bytes } = await ask(query);
    expect(headers['content-encoding']).not.toBe('gzip');
    expect(headers.vary).toBeUndefined();
    expect(bytes.toString()).toBe('text' in query ? '{}' : TEXT);
  });

  it('a HEAD has the length of what is not packed', async () => {
    const { headers } = await ask({ 'content-type': 'text/css' }, 'gzip', 'HEAD');
    expect([headers['content-encoding'], headers['content-length']]).toEqual([undefined, String(TEXT.length)]);
  });

  it('what comes without a length comes packed, with one; where it is short, as it is', async () => {
    const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const { headers, bytes } = await ask(chunked);
    expect([headers['content-encoding'], headers['content-length']]).toEqual(['gzip', String(bytes.length)]);
    expect(gunzipSync(bytes).toString()).toBe(TEXT);
    const short = await ask({ ...chunked, text: '{}' });
    expect([short.headers['content-encoding'], short.bytes.toString()]).toEqual([undefined, '{}']);
  });

  it.each([
    ['said beforehand', { 'content-length': String(TEXT.length * 20) }],
    ['seen as it comes', { 'transfer-encoding': 'chunked' }],
  ])('what is longer than is held comes as it is, and whole: %s', async (_, length) => {
    const { headers, bytes } = await ask({ 'content-type': 'application/json', times: '20', ...length });
    expect(headers['content-encoding']).toBeUndefined();
    expect(bytes.toString() === TEXT.repeat(20), 'all bytes came').toBe(true);
  });

  it('what is made bit by bit is not kept back', async () => {
    const query = new URLSearchParams({
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
      slow: 'yes',
      text: 'a first bit',
    });
    const first = await new Promise<string>((resolve, reject) => {
      const asked = request({ port, path: `/?${query}`, headers: { 'accept-encoding': 'gzip' }, agent: false }, (answer) => {
        answer.once('data', (part: Buffer) => resolve(part.toString()));
      });
      asked.on('error', reject).end();
    });
    for (const answer of hung) answer.end();
    expect(first).toBe('a first bit');
  });

  it('an answer that breaks off is never a whole one', async () => {
    const { whole, bytes } = await ask({ 'content-type': 'application/json', broken: 'yes' }).catch(() => ({
      whole: false,
      bytes: Buffer.alloc(0),
    }));
    expect([whole, bytes.length]).toEqual([false, 0]);
  });
});
