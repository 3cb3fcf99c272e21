import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { TUNNEL_FRAME, TUNNEL_WINDOW } from '../../shared/limits.ts';
import type { RequestHead, ResponseHead } from '../../shared/tunnel.ts';
import { creditOf, decodeFrame, encodeCredit, encodeFrame, encodeJson, responseHead } from '../../shared/tunnel.ts';
import { until } from '../until.ts';
import type { Answer } from './tunnel-server.ts';
import { TunnelServer } from './tunnel-server.ts';

const POST: RequestHead = { method: 'POST', path: '/api/x', query: '', headers: [], body: true, caller: null };
const GET: RequestHead = { ...POST, method: 'GET', body: false };

interface Got {
  head: ResponseHead | null;
  body: Uint8Array[];
  bytes: number;
  ended: boolean;
  aborted: string | null;
  credit: number;
}

/** The edge's end, by hand: it keeps what it gets, and gives credit only when a test says so. */
function edge(answer: Answer) {
  const got: Got = { head: null, body: [], bytes: 0, ended: false, aborted: null, credit: 0 };
  const server = new TunnelServer(
    {
      turn: (callback) => void setImmediate(callback, TUNNEL_FRAME),
      send: (_request, bytes) => {
        const frame = decodeFrame(bytes);
        if (frame === null) throw new Error('not a frame');
        if (frame.kind === 'head') got.head = responseHead.parse(JSON.parse(new TextDecoder().decode(frame.bytes)));
        if (frame.kind === 'data') {
          expect(frame.bytes.length).toBeLessThanOrEqual(TUNNEL_FRAME);
          got.body.push(frame.bytes.slice());
          got.bytes += frame.bytes.length;
        }
        if (frame.kind === 'end') got.ended = true;
        if (frame.kind === 'abort') got.aborted = new TextDecoder().decode(frame.bytes);
        if (frame.kind === 'credit') got.credit += creditOf(frame.bytes);
      },
    },
    answer,
  );
  return { server, got };
}

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
const sha = (parts: readonly Uint8Array[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('a body goes up and comes back byte for byte, only as far as credit goes', async () => {
  const { server, got } = edge(
    async (_head, body) => new Response(body, { headers: { 'content-type': 'text/x', 'set-cookie': 'evil=1' } }),
  );
  const sent = randomBytes(3 * TUNNEL_WINDOW);
  server.receive('r1', encodeJson('head', POST));
  let given = TUNNEL_WINDOW;
  const giveMore = (): void => {
    expect(got.bytes).toBeLessThanOrEqual(given);
    if (got.bytes < given) return;
    given += TUNNEL_WINDOW;
    server.receive('r1', encodeCredit(TUNNEL_WINDOW));
  };
  for (let at = 0; at < sent.length; ) {
    await until(() => {
      giveMore();
      return TUNNEL_WINDOW + got.credit - at > 0;
    });
    const size = Math.min(TUNNEL_FRAME, sent.length - at, TUNNEL_WINDOW + got.credit - at);
    server.receive('r1', encodeFrame('data', sent.subarray(at, at + size)));
    at += size;
  }
  server.receive('r1', encodeFrame('end'));
  await until(() => {
    giveMore();
    return got.ended;
  });
  expect(sha(got.body)).toBe(sha([sent]));
  expect(got.head).toEqual({ status: 200, headers: [['content-type', 'text/x']], body: true });
  expect(server.underWay).toBe(0);
});

test('without credit nothing more is sent, and an abort frees the answer', async () => {
  let cancelled = false;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(TUNNEL_FRAME)),
      cancel: () => {
        cancelled = true;
      },
    });
  const { server, got } = edge(async () => new Response(endless()));
  server.receive('r1', encodeJson('head', GET));
  await until(() => got.bytes === TUNNEL_WINDOW);
  await rest();
  expect(got.bytes).toBe(TUNNEL_WINDOW);
  server.receive('r1', encodeFrame('abort'));
  await until(() => cancelled);
  expect(server.underWay).toBe(0);
  expect(got.ended).toBe(false);
});

test('a sender that ignores its credit is cut off, and only that request', async () => {
  let failed: unknown = null;
  const { server, got } = edge(async (head, body, signal) => {
    if (head.method === 'GET') return new Response('fine');
    signal.addEventListener('abort', () => {
      failed = signal.reason;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    return new Response(body);
  });
  server.receive('r1', encodeJson('head', POST));
  for (let sent = 0; sent <= TUNNEL_WINDOW; sent += TUNNEL_FRAME) server.receive('r1', encodeFrame('data', new Uint8Array(TUNNEL_FRAME)));
  await until(() => got.aborted !== null && failed !== null);
  expect(got.aborted).toBe('too_large');
  server.receive('r2', encodeJson('head', GET));
  await until(() => got.ended);
});

test('what is thrown becomes one error, without its text or its stack', async () => {
  const { server, got } = edge(async () => Promise.reject(new Error('secret detail at /home/me')));
  server.receive('r1', encodeJson('head', GET));
  await until(() => got.ended);
  expect(got.head?.status).toBe(500);
  expect(Buffer.concat(got.body).toString()).not.toContain('secret');
});

test('a head that is not one is refused; stray frames are dropped', async () => {
  const { server, got } = edge(async () => new Response('never'));
  server.receive('r0', encodeFrame('data', new Uint8Array(3)));
  server.receive('r0', encodeFrame('credit', new Uint8Array(1)));
  server.receive('r0', new Uint8Array());
  server.receive('r1', encodeFrame('head', new TextEncoder().encode('{"method":"TRACE"}')));
  await until(() => got.ended);
  expect(got.head?.status).toBe(400);
});

test('when the link goes, every handler learns of it', async () => {
  const reasons: unknown[] = [];
  const { server, got } = edge(
    (_head, _body, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        }),
      ),
  );
  server.receive('r1', encodeJson('head', GET));
  server.receive('r2', encodeJson('head', GET));
  server.close();
  await until(() => reasons.length === 2);
  await rest();
  expect(got.head).toBe(null);
});
