import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FromPlugin, ToPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { BODY_WINDOW, MAX_BODY_CHUNK } from '../../../plugin-sdk/src/protocol.ts';
import { pluginManifest } from '../../../shared/plugins.ts';
import { manifestOf } from '../plugins-harness.ts';
import type { PluginPeer } from '../protocol/peer.ts';
import type { PluginRequest } from './http-service.ts';
import { HttpService } from './http-service.ts';

/** A plugin that answers whatever it likes: here it is played by hand, message by message. */

type Said = Extract<FromPlugin, { type: 'http' }>['payload'];

let http: HttpService;
let told: Extract<ToPlugin, { type: 'http' }>[];
let leave: AbortController;
let gone: AbortController;
let peer: PluginPeer;

beforeEach(() => {
  http = new HttpService(5000);
  told = [];
  leave = new AbortController();
  gone = new AbortController();
  peer = {
    manifest: pluginManifest.parse(manifestOf('p')),
    gone: gone.signal,
    send: (message) => void (message.type === 'http' && told.push(message)),
    room: () => Promise.resolve(),
  };
});

afterEach(() => leave.abort());

function ask(more: Partial<PluginRequest> = {}): Promise<Response> {
  return http.ask(peer, {
    method: 'GET',
    path: '/',
    query: '',
    headers: [],
    user: { id: 'a', username: 'ada', role: 'admin' },
    body: null,
    signal: leave.signal,
    ...more,
  });
}

/** A request that the plugin has heard of. */
async function heard(more: Partial<PluginRequest> = {}): Promise<{ answer: Promise<Response> }> {
  const answer = ask(more);
  answer.catch(() => undefined);
  await new Promise(setImmediate);
  return { answer };
}

/** The plugin's messages about the last request. */
function say(...payloads: Said[]): void {
  const id = told.at(-1)?.request_id ?? '';
  for (const payload of payloads) http.receive(peer, { type: 'http', timestamp: '', request_id: id, payload });
}

const head = (more: Partial<Extract<Said, { action: 'response' }>> = {}): Said => ({ action: 'response', status: 200, ...more });
const data = (bytes: number | string): Said => ({
  action: 'data',
  data: typeof bytes === 'string' ? bytes : Buffer.alloc(bytes).toString('base64'),
});
const end: Said = { action: 'end' };
const code = (thrown: unknown): unknown => (typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : thrown);

test.each<[string, Said[]]>([
  ['a status below 200', [head({ status: 101 })]],
  ['a status above 599', [head({ status: 999, stream: true })]],
  ['a line break in a header', [head({ headers: [['x-own', 'a\r\nset-cookie: b']] })]],
  ['a length that is none', [head({ headers: [['content-length', '5, 6']], stream: true })]],
  ['a negative length', [head({ headers: [['content-length', '-1']] })]],
  ['a body that is no base64', [head({ body: '!!!!', encoding: 'base64' })]],
  ['more headers than the edge takes', [head({ headers: Array.from({ length: 41 }, (_, n) => [`x-own-${n}`, '1']) })]],
])('%s is the plugin’s failure, and nobody’s answer', async (_what, said) => {
  const { answer } = await heard();
  say(...said);
  expect(code(await answer.catch((thrown: unknown) => thrown))).toBe('plugin_failed');
  expect(told.at(-1)?.payload).toEqual({ action: 'cancel' });
});

test.each<[string, Said[]]>([
  ['longer than its Content-Length', [head({ stream: true, headers: [['content-length', '3']] }), data(4)]],
  ['shorter than its Content-Length', [head({ stream: true, headers: [['content-length', '5']] }), data(4), end]],
  ['no base64', [head({ stream: true }), data('not base64!')]],
  ['in a piece that is too large', [head({ stream: true }), data(MAX_BODY_CHUNK + 1)]],
  ['beyond its credit', [head({ stream: true }), ...Array.from({ length: BODY_WINDOW / MAX_BODY_CHUNK + 1 }, () => data(MAX_BODY_CHUNK))]],
  ['answered twice', [head({ stream: true }), head()]],
])('a body that is %s breaks off where somebody reads it', async (_what, said) => {
  const { answer } = await heard();
  say(...said);
  await expect((await answer).arrayBuffer()).rejects.toMatchObject({ code: 'plugin_failed' });
});

test('a body that keeps its word comes whole; a length without a body is not told', async () => {
  const kept = (await heard()).answer;
  say(head({ stream: true, headers: [['content-length', '5']] }), data(2), data(3), end);
  expect((await (await kept).arrayBuffer()).byteLength).toBe(5);
  const nothing = (await heard()).answer;
  say(head({ status: 204, headers: [['content-length', '7']], body: 'surplus' }));
  const answer = await nothing;
  expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([204, null, '']);
  const size = (await heard({ method: 'HEAD' })).answer;
  say(head({ headers: [['content-length', '7']] }));
  expect((await size).headers.get('content-length')).toBe('7');
});

test('what belongs to no request, to one that is over, or comes before its head, changes nothing', async () => {
  const first = (await heard()).answer;
  say(data(3), end, { action: 'credit', bytes: Number.MAX_SAFE_INTEGER }, { action: 'credit', bytes: 0 });
  http.receive(peer, { type: 'http', timestamp: '', request_id: 'h999', payload: head({ body: 'foreign' }) });
  say(head({ body: 'first' }), head({ body: 'second' }), data(1), end);
  expect(await (await first).text()).toBe('first');
});

test('a flood of empty and of tiny pieces that nobody reads yet takes no more than its bytes', async () => {
  const { answer } = await heard();
  say(head({ stream: true }));
  const { body } = await answer;
  for (let i = 0; i < 20_000; i += 1) say(data(''));
  for (let i = 0; i < 20_000; i += 1) say(data('AA=='));
  say(end);
  let pieces = 0;
  let bytes = 0;
  for await (const piece of body ?? []) [pieces, bytes] = [pieces + 1, bytes + piece.length];
  expect(bytes).toBe(20_000);
  expect(pieces).toBeLessThan(100);
});

test('an upload that comes slowly is not cut off while it moves; from its end on the plugin has its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let pieces = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          await new Promise((resolve) => setTimeout(resolve, 4000));
          pieces += 1;
          if (pieces > 6) controller.close();
          else controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    const ended = ask({ method: 'POST', body }).catch(code);
    for (let n = 0; n < 7; n += 1) await vi.advanceTimersByTimeAsync(4000);
    expect(pieces).toBe(7);
    const actions = (): string[] => told.map(({ payload }) => payload.action);
    expect(actions()).toEqual(['request', ...Array.from({ length: 6 }, () => 'data'), 'end']);
    await vi.advanceTimersByTimeAsync(4999);
    expect(actions()).not.toContain('cancel');
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toBe('plugin_timeout');
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['longer', 3, 10],
  ['shorter', 10, 3],
])('a request whose body is %s than its Content-Length says never begins, and is read no further', async (_what, length, bytes) => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        pulled += 1;
        if (pulled > bytes) return controller.close();
        controller.enqueue(new Uint8Array(1));
      },
    },
    { highWaterMark: 0 },
  );
  const answer = await ask({ method: 'POST', headers: [['content-length', String(length)]], body }).catch((thrown: unknown) => thrown);
  expect(code(answer)).toBe('bad_request');
  expect(pulled).toBeLessThan(6);
  expect(told.filter(({ payload }) => payload.action === 'request')).toEqual([]);
});

test.each<[string, PluginRequest['headers']]>([
  ['of unknown length', []],
  ['of a short, known one', [['content-length', '10']]],
])('a body %s that breaks off is its sender’s failure, and the plugin is told', async (_what, headers) => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(3)),
    pull: (controller) => controller.error(new Error('aborted')),
  });
  const answer = await ask({ method: 'POST', headers, body }).catch((thrown: unknown) => thrown);
  expect(code(answer)).toBe('bad_request');
  expect(told.at(-1)?.payload).toEqual({ action: 'cancel' });
});
