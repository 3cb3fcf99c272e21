import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createPlainServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { EdgeUnreachable, postTo } from './edge-post.ts';

const never = new AbortController().signal;

async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

const ask = (url: string) => postTo({ url, origin: url }, '/api/pair', { a: 1 }, z.object({ fine: z.boolean() }), never);
const says = (status: number, body: string, headers: Record<string, string> = {}): RequestListener => {
  return (_, answer) => void answer.writeHead(status, headers).end(body);
};
const refusal = (code: string) => JSON.stringify({ error: { code, message: 'The edge’s own\u001b[2J words.', last_seen: null } });

test('an answer, with the edge’s clock; the request says where it comes from', async () => {
  let seen: unknown = null;
  const url = await listening((query, answer) => {
    seen = { origin: query.headers.origin, type: query.headers['content-type'] };
    answer.writeHead(200, { date: 'Sun, 29 Nov 2026 12:00:00 GMT' }).end('{"fine":true}');
  });
  expect(await ask(url)).toEqual({ value: { fine: true }, now: Date.UTC(2026, 10, 29, 12) });
  expect(seen).toEqual({ origin: url, type: 'application/json' });
});

test('a refusal keeps its code; its words reach a terminal without what that obeys', async () => {
  await expect(ask(await listening(says(503, refusal('host_offline'))))).rejects.toMatchObject({
    code: 'host_offline',
    message: 'The edge’s own [2J words.',
    extra: { last_seen: null },
  });
});

test.each([
  ['an older edge', says(404, refusal('not_found')), /is older than this Toru.*Update it/],
  ['an edge that takes no POST there', says(405, refusal('method_not_allowed')), /is older than this Toru/],
  ['no Toru', says(404, '<h1>nginx</h1>'), /no Toru edge.*Check the address/],
  ['a login page before it', says(401, 'log in'), /a login page stands before it/],
  ['a proxy in trouble', says(502, 'Bad Gateway'), /answers 502.*Try again/],
  ['another answer than expected', says(200, '{"else":1}'), /otherwise than this Toru expects.*Update the older one/],
  ['a page instead of an answer', says(200, '<html>'), /otherwise than this Toru expects/],
  ['an answer without an end', says(200, 'x'.repeat(3_000_000)), /broke off/],
])('%s: one sentence with the next step', async (_what, answer, expected) => {
  const failure = await ask(await listening(answer)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EdgeUnreachable);
  expect(String(failure)).toMatch(expected);
  expect(String(failure)).not.toContain('\n');
});

test('an edge that leads elsewhere is not followed: what was meant for this address goes to no other', async () => {
  const url = await listening(says(301, '', { location: 'https://toru.example.dev/api/pair' }));
  await expect(ask(url)).rejects.toThrow('leads on to https://toru.example.dev. If that is your edge, type that address instead.');
});

test('nobody there, no such name, no TLS: each says what to look at', async () => {
  const server = createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  await expect(ask(`http://127.0.0.1:${port}`)).rejects.toThrow(`Nobody listens at 127.0.0.1:${port}`);
  await expect(ask('https://no-such-toru.invalid')).rejects.toThrow(/no machine of the name no-such-toru\.invalid|DNS does not answer/);
  const url = await listening(says(200, '{}'));
  await expect(ask(url.replace('http:', 'https:'))).rejects.toThrow('does not speak TLS');
});

test('who stops waiting gets their own reason, not a sentence about the network', async () => {
  const stop = new AbortController();
  const url = await listening(() => stop.abort());
  const asking = postTo({ url, origin: url }, '/', {}, z.unknown(), stop.signal);
  await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
});
