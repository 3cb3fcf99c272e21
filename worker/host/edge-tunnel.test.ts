import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TUNNEL_FRAME, TUNNEL_HEAD_TIMEOUT_MS } from '../../shared/limits.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { decodeFrame, encodeCredit, encodeFrame, encodeJson } from '../../shared/tunnel.ts';
import { Tunnel } from './edge-tunnel.ts';

/** What takes half a minute of a real clock. Everything else of the tunnel: worker/test/tunnel.test.ts, in workerd. */

const POST: RequestHead = { method: 'POST', path: '/api/plugins/x/sort', query: '', headers: [], body: true, caller: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function ask(body: ReadableStream<Uint8Array>) {
  const sent: string[] = [];
  let request = '';
  const tunnel = new Tunnel({
    send: (id, bytes) => {
      request = id;
      sent.push(decodeFrame(bytes)?.kind ?? '');
    },
    turn: (_user, callback) => callback(TUNNEL_FRAME),
  });
  const answered = tunnel.ask(POST, body, null, null);
  answered.catch(() => undefined);
  return { answered, sent, host: (frame: Uint8Array) => tunnel.receive(request, frame) };
}

describe('the time to the head of an answer', () => {
  it('begins again with each credit, and is over at last', async () => {
    const { answered, host } = ask(new TransformStream<Uint8Array, Uint8Array>().readable);
    await vi.advanceTimersByTimeAsync(TUNNEL_HEAD_TIMEOUT_MS - 1);
    host(encodeCredit(1000));
    await vi.advanceTimersByTimeAsync(TUNNEL_HEAD_TIMEOUT_MS - 1);
    host(encodeCredit(1000));
    await vi.advanceTimersByTimeAsync(TUNNEL_HEAD_TIMEOUT_MS);
    await expect(answered).rejects.toMatchObject({ code: 'host_timeout' });
  });

  it('begins again with each piece of a body: who sends slowly is not told that the host is dead', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const upload = writable.getWriter();
    const { answered, host } = ask(readable);
    for (let n = 0; n < 10; n += 1) {
      await vi.advanceTimersByTimeAsync(TUNNEL_HEAD_TIMEOUT_MS - 1);
      void upload.write(new Uint8Array(1000));
    }
    void upload.close();
    await vi.advanceTimersByTimeAsync(TUNNEL_HEAD_TIMEOUT_MS - 1);
    host(encodeJson('head', { status: 204, headers: [], body: false }));
    expect((await answered).status).toBe(204);
  });

  it('is over with the head, also while the request’s body is still read: the answer may take as long as it likes', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const upload = writable.getWriter();
    const { answered, sent, host } = ask(readable);
    host(encodeJson('head', { status: 200, headers: [], body: true }));
    void upload.write(new Uint8Array(1000));
    await vi.advanceTimersByTimeAsync(10);
    host(encodeCredit(1000));
    void upload.close();
    await vi.advanceTimersByTimeAsync(10 * TUNNEL_HEAD_TIMEOUT_MS);
    const text = (await answered).text();
    host(encodeFrame('data', new TextEncoder().encode('sorted')));
    host(encodeFrame('end'));
    expect(await text).toBe('sorted');
    expect(sent).not.toContain('abort');
  });
});
