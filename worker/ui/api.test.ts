import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NOT_AFTER } from '../../shared/wire.ts';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { agent, call, edge, read, sentence, setHooks } = await import('./api.ts');
const { networkThere } = await import('./connection/network-there.ts');
const { isRecord } = await import('./guards.ts');
const { peekGiven, putGiven } = await import('./given.ts');

let answers: (Response | Error)[];
let asked: { path: string; init: RequestInit }[];
const ended = vi.fn();
const reauthenticate = vi.fn();

beforeEach(() => {
  networkThere.value = true;
  answers = [];
  asked = [];
  ended.mockReset();
  reauthenticate.mockReset();
  setHooks({ sessionEnded: ended, reauthenticate });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const answer = answers.shift() ?? new Response('{}');
    if (answer instanceof Error) throw answer;
    return answer;
  });
});
afterEach(() => vi.unstubAllGlobals());

function refusal(status: number, code: string, message: string, more: Record<string, unknown> = {}, headers = {}): Response {
  return new Response(JSON.stringify({ error: { code, message, ...more } }), { status, headers });
}
const header = (at: number, name: string): string | null => new Headers(asked[at]?.init.headers).get(name);

describe('what is asked', () => {
  it('goes to the agent’s own routes, with the session, past every cache', async () => {
    await agent.runs[':id'].$get({ param: { id: 'some-run' } });
    expect(asked[0]).toMatchObject({ path: '/api/runs/some-run', init: { credentials: 'same-origin', cache: 'no-store' } });
  });

  it('says until when it counts if it changes something, and only then', async () => {
    await edge(isRecord, 'GET', '/api/me');
    const before = Date.now();
    await edge(isRecord, 'POST', '/api/login', { body: { username: 'a' } });
    expect(header(0, NOT_AFTER)).toBeNull();
    const until = Date.parse(header(1, NOT_AFTER) ?? '') - before;
    expect(until).toBeGreaterThanOrEqual(30_000);
    expect(until).toBeLessThan(60_000);
    expect([header(1, 'content-type'), asked[1]?.init.body]).toEqual(['application/json', '{"username":"a"}']);
  });

  it('is answered by what came with the page, once, if it only reads', async () => {
    putGiven({ '/api/runs/some-run': { label: 'with the page' } });
    await edge(isRecord, 'POST', '/api/runs/some-run', { body: {} });
    expect(asked).toHaveLength(1);
    expect(peekGiven('/api/runs/some-run', isRecord)).toEqual({ label: 'with the page' });
    expect(await edge(isRecord, 'GET', '/api/runs/some-run')).toEqual({ label: 'with the page' });
    expect(asked).toHaveLength(1);
    expect([peekGiven('/api/runs/some-run', isRecord), await edge(isRecord, 'GET', '/api/runs/some-run')]).toEqual([null, {}]);
    expect(asked).toHaveLength(2);
  });

  it('is not sent while the device is offline, if it changes something; what only reads is tried, and tells that the network is back', async () => {
    networkThere.value = false;
    await expect(call('/api/runs', { method: 'POST' })).rejects.toMatchObject({ code: 'host_timeout' });
    expect(asked).toEqual([]);
    await call('/api/runs', {});
    expect(networkThere.value).toBe(true);
  });
});

describe('what is answered', () => {
  it('is an error with the server’s own sentence, and what it says beside it', async () => {
    answers = [refusal(429, 'too_many_attempts', 'Wait a minute.', { left: 0 }, { 'retry-after': '60' })];
    await expect(call('/api/login', {})).rejects.toMatchObject({
      code: 'too_many_attempts',
      message: 'Wait a minute.',
      extra: { left: 0, retry_after: 60 },
    });
  });

  it.each([new Response('<h1>Bad gateway</h1>', { status: 502 }), new Response('{"error":', { status: 500 })])(
    'is an error of ours when it is none of the server’s: %#',
    async (answer) => {
      answers = [answer];
      await expect(call('/api/x', {})).rejects.toMatchObject({
        code: 'internal',
        message: `The server answered ${answer.status}. Try again in a moment.`,
      });
    },
  );

  it('keeps its sentence under a code that this page does not know', async () => {
    answers = [refusal(400, 'a_code_of_tomorrow', 'Not before noon.')];
    await expect(call('/api/x', {})).rejects.toMatchObject({ code: 'internal', message: 'Not before noon.' });
  });

  it('says that the network gave none; what was stopped on purpose stays that', async () => {
    answers = [new TypeError('fetch failed'), new DOMException('stopped', 'AbortError')];
    await expect(call('/api/x', {})).rejects.toMatchObject({ code: 'host_timeout' });
    await expect(call('/api/x', {})).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is refused when it is not what was asked for', async () => {
    const answer = (text: string) => read(isRecord, Promise.resolve(new Response(text)));
    for (const text of ['[]', 'null', '{"a":', '']) await expect(answer(text), text).rejects.toMatchObject({ code: 'internal' });
    expect(await answer('{"a":1}')).toEqual({ a: 1 });
  });

  it.each(['unauthenticated', 'session_expired'])('%s ends the session', async (code) => {
    answers = [refusal(401, code, 'Log in.')];
    await expect(call('/api/runs', {})).rejects.toMatchObject({ code });
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe('a password that was typed too long ago', () => {
  const old = () => refusal(403, 'reauth_required', 'Type your password.');

  it('is asked for, and the call repeated once', async () => {
    answers = [old(), new Response('{"done":true}')];
    reauthenticate.mockResolvedValueOnce(true);
    expect(await edge(isRecord, 'POST', '/api/users', { body: { a: 1 } })).toEqual({ done: true });
    expect(reauthenticate).toHaveBeenCalledExactlyOnceWith('Type your password.');
    expect(asked.map(({ path, init }) => [path, init.body])).toEqual([
      ['/api/users', '{"a":1}'],
      ['/api/users', '{"a":1}'],
    ]);
  });

  it('is not given: nothing is repeated', async () => {
    answers = [old()];
    reauthenticate.mockResolvedValueOnce(false);
    await expect(call('/api/users', { method: 'POST' })).rejects.toMatchObject({ code: 'reauth_required' });
    expect(asked).toHaveLength(1);
  });

  it('is asked for once only', async () => {
    answers = [old(), old()];
    reauthenticate.mockResolvedValue(true);
    await expect(call('/api/users', { method: 'POST' })).rejects.toMatchObject({ code: 'reauth_required' });
    expect([asked.length, reauthenticate.mock.calls.length]).toEqual([2, 1]);
  });
});

it('has a sentence for anything thrown', () => {
  expect(sentence(new TypeError('x is undefined'))).toBe('Something went wrong in the page. Reload it, then try again.');
});
