import { randomBytes } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeCredit } from '../../shared/tunnel.ts';
import type { TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import type { FakeRequest } from './fake-agent.ts';
import { FakeAgent } from './fake-agent.ts';
import { login, SAME_ORIGIN } from './socket-client.ts';

const MiB = 1024 * 1024;

describe('the tunnel', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  let cookie: string;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  beforeEach(async () => {
    agent = await FakeAgent.link(edge);
    cookie = await login(edge);
  });
  afterEach(() => agent.stop());

  /** Opens a request whose answer is not waited for. */
  function begin(path: string, as = cookie) {
    const asked = request(`${edge.origin}${path}`, { headers: edge.frontHeaders({ cookie: as }), agent: false });
    asked.on('error', () => undefined);
    asked.end();
    return asked;
  }

  /** As the front does it: workerd sees a reset, and not a mere end. */
  function leave(asking: ClientRequest): void {
    asking.socket?.resetAndDestroy();
  }

  it('brings a request to the host: path, query and the headers that may pass, with who asks beside them', async () => {
    const answered = edge.ask('/api/runs?q=a%20b&limit=5', {
      headers: {
        cookie,
        accept: 'application/json',
        'if-none-match': '"x"',
        authorization: 'Basic eDp5',
        'x-forwarded-for': '1.2.3.4',
        'user-agent': 'test',
      },
    });
    const asked = await agent.requests.take();
    asked.answer(200, { ok: true });
    expect(asked.head).toMatchObject({ method: 'GET', path: '/api/runs', query: '?q=a%20b&limit=5', body: false });
    expect(Object.fromEntries(asked.head.headers)).toEqual({ accept: 'application/json', 'if-none-match': '"x"' });
    expect(asked.head.caller).toMatchObject({ address: '192.0.2.1', user_agent: 'test', sid: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await answered).json()).toEqual({ ok: true });
  });

  it('rebuilds the answer: what the host may say, and our own headers', async () => {
    const answered = edge.ask('/api/plugins/x/page', { headers: { cookie } });
    const asked = await agent.requests.take();
    asked.answer(201, { a: 1 }, [
      ['content-type', 'text/html'],
      ['etag', '"1"'],
      ['set-cookie', 'toru_3000=stolen'],
      ['content-security-policy', "default-src 'unsafe-inline'"],
      ['access-control-allow-origin', '*'],
      ['location', 'https://evil.example'],
      ['cache-control', 'public'],
    ]);
    const { status, headers } = await answered;
    expect(status).toBe(201);
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      etag: '"1"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    });
    for (const name of ['set-cookie', 'access-control-allow-origin', 'location']) expect(headers).not.toHaveProperty(name);
  });

  it('names a host in the path', async () => {
    const answered = edge.ask(`/api/hosts/${edge.host.id}/scripts?x=1`, { headers: { cookie } });
    const asked = await agent.requests.take();
    expect([asked.head.path, asked.head.query]).toEqual(['/api/scripts', '?x=1']);
    asked.answer(200, {});
    expect(await answered).toMatchObject({ status: 200 });
    const unknown = await edge.ask('/api/hosts/00000000-0000-4000-8000-000000000000/scripts', { headers: { cookie } });
    expect([unknown.status, unknown.json()]).toMatchObject([404, { error: { code: 'unknown_host' } }]);
  });

  it('takes no host that is spelled with percent signs: its path would be cut in the wrong place', async () => {
    const { id } = edge.host;
    const spelled = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
    for (const path of [
      `/api/hosts/${spelled}/users`,
      `/api/%68osts/${id}/users`,
      `/api/hosts/${spelled}/ws`,
      `/api/hosts/${spelled}/runs`,
    ]) {
      const answer = await edge.ask(path, { headers: { cookie } });
      expect([path, answer.status, answer.text]).toEqual([path, 400, expect.stringContaining('bad_path')]);
    }
  });

  it('streams 20 MB up, byte for byte', async () => {
    const bytes = randomBytes(20 * MiB);
    const answered = edge.ask('/api/plugins/x/upload', {
      method: 'POST',
      headers: { ...SAME_ORIGIN, cookie, 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    const asked = await agent.requests.take();
    const body = await asked.body();
    asked.answer(200, { ok: true });
    expect(body.equals(bytes), 'the same bytes').toBe(true);
    expect((await answered).status).toBe(200);
  });

  it('sends a body up in few frames: each costs as much as a large one', async () => {
    const headers = { ...SAME_ORIGIN, cookie, 'content-type': 'application/octet-stream' };
    const answered = edge.ask('/api/plugins/x/upload', { method: 'POST', headers, body: randomBytes(4 * MiB) });
    const asked = await agent.requests.take();
    const sizes: number[] = [];
    for (;;) {
      const { kind, bytes } = await asked.frames.take(({ kind }) => kind === 'data' || kind === 'end');
      if (kind === 'end') break;
      sizes.push(bytes.length);
      asked.send('credit', encodeCredit(bytes.length).subarray(1));
    }
    asked.answer(200, {});
    expect((await answered).status).toBe(200);
    // 4 KiB, as workerd reads by itself, would be 1,024.
    expect(sizes.length).toBeLessThan(512);
  });

  it('streams 20 MB down, byte for byte', async () => {
    const bytes = randomBytes(20 * MiB);
    const answered = edge.ask('/api/runs/x/output', { headers: { cookie } });
    const asked = await agent.requests.take();
    asked.sendHead(200, [['content-type', 'application/octet-stream']], true);
    await asked.stream(bytes);
    expect((await answered).bytes.equals(bytes), 'the same bytes').toBe(true);
  });

  it('gives no credit for what the client does not read', async () => {
    const asking = begin('/api/runs/x/output');
    const answered = new Promise<void>((resolve) => asking.on('response', (response) => resolve(void response.pause())));
    const asked = await agent.requests.take();
    asked.sendHead(200, [], true);
    await answered;
    const part = new Uint8Array(64 * 1024);
    let sent = 0;
    let credit = MiB;
    // Some of it goes into the buffers on the way; then nothing comes back any more.
    for (;;) {
      while (credit >= part.length) {
        asked.send('data', part);
        sent += part.length;
        credit -= part.length;
      }
      const frame = await asked.frames.take(({ kind }) => kind === 'credit', 1000).catch(() => null);
      if (frame === null) break;
      credit += new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint32(0);
    }
    expect(sent).toBeLessThan(32 * MiB);
    leave(asking);
    await asked.frames.take(({ kind }) => kind === 'abort');
  });

  it('aborts what a sender sends past its credit', async () => {
    begin('/api/runs/x/output').on('response', (response) => response.pause());
    const asked = await agent.requests.take();
    asked.sendHead(200, [], true);
    for (let sent = 0; sent < 64 * MiB; sent += 64 * 1024) asked.send('data', new Uint8Array(64 * 1024));
    await asked.frames.take(({ kind }) => kind === 'abort');
  });

  it('tells the host when the client leaves before the head', async () => {
    const asking = begin('/api/slow');
    const asked = await agent.requests.take();
    leave(asking);
    await asked.frames.take(({ kind }) => kind === 'abort');
  });

  it('tells the host when the client leaves in the middle of the body', async () => {
    const asking = begin('/api/long');
    const began = new Promise((resolve) => asking.on('response', (response) => response.once('data', resolve)));
    const asked = await agent.requests.take();
    asked.sendHead(200, [], true);
    asked.send('data', new Uint8Array(10));
    await began;
    leave(asking);
    await asked.frames.take(({ kind }) => kind === 'abort');
  });

  it('breaks the answer off when the host does: a client that knows the length sees that it is not whole', async () => {
    const answered = edge.ask('/api/runs/x/output', { headers: { cookie } });
    const asked = await agent.requests.take();
    asked.sendHead(200, [['content-length', '20']], true);
    asked.send('data', new Uint8Array(10));
    await sleep(50);
    asked.send('abort', Buffer.from('internal'));
    await expect(answered).rejects.toThrow();
  });

  it('keeps the length that the host says', async () => {
    const answered = edge.ask('/api/runs/x/output', { headers: { cookie } });
    const asked = await agent.requests.take();
    asked.sendHead(200, [['content-length', '20']], true);
    await asked.stream(new Uint8Array(20));
    expect(await answered).toMatchObject({ headers: { 'content-length': '20' }, bytes: { length: 20 } });
  });

  it('answers 503 with last_seen when the host is away, at once when it goes in the middle', async () => {
    const answered = edge.ask('/api/scripts', { headers: { cookie } });
    await agent.requests.take();
    agent.socket.terminate();
    const lost = await answered;
    expect([lost.status, lost.json()]).toMatchObject([503, { error: { code: 'host_offline', last_seen: expect.stringMatching(/Z$/) } }]);
    const away = await edge.ask('/api/scripts', { headers: { cookie } });
    expect([away.status, away.json()]).toMatchObject([503, { error: { code: 'host_offline', last_seen: expect.stringMatching(/Z$/) } }]);
    agent = await FakeAgent.link(edge);
  });

  it('carries 200 requests at once', async () => {
    agent.handle = (request) => {
      void request.body().then((body) => request.answer(202, JSON.parse(body.toString())));
      return true;
    };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        edge.ask('/api/runs', { method: 'POST', headers: { ...SAME_ORIGIN, cookie }, body: JSON.stringify({ n }) }),
      ),
    );
    expect(answers.map((answer) => [answer.status, answer.json()])).toEqual(answers.map((_, n) => [202, { n }]));
  });

  it('keeps places for others: a user has 16 requests on their way, of all sessions together, the rest wait their turn', async () => {
    const again = await login(edge);
    const asking = Array.from({ length: 20 }, (_, n) => begin('/api/mine', n % 2 === 0 ? cookie : again));
    const mine = await Promise.all(Array.from({ length: 16 }, () => agent.requests.take()));
    const other = edge.ask('/api/theirs', { headers: { cookie: await login(edge, 'somebody else') } });
    const theirs = await agent.requests.take();
    expect(theirs.head.path).toBe('/api/theirs');
    theirs.answer(200, {});
    expect((await other).status).toBe(200);
    expect(agent.requests.rest).toEqual([]);
    mine[0]?.answer(200, {});
    await agent.requests.take(({ head }) => head.path === '/api/mine');
    for (const one of asking) leave(one);
  });

  it('lets a user have 4 MiB of bodies on their way that the host does not read, and others still send theirs', async () => {
    const headers = { ...SAME_ORIGIN, cookie, 'content-type': 'application/octet-stream' };
    const uploads = Array.from({ length: 8 }, () =>
      edge.ask('/api/plugins/x/upload', { method: 'POST', headers, body: Buffer.alloc(MiB) }),
    );
    const asked = await Promise.all(uploads.map(() => agent.requests.take()));
    const arrived = async () => {
      const parts = await Promise.all(asked.map(({ frames }) => frames.rest.filter(({ kind }) => kind === 'data')));
      return parts.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
    };
    for (let before = -1; before !== (await arrived()); await sleep(200)) before = await arrived();
    expect(await arrived()).toBeLessThanOrEqual(4 * MiB);
    const theirs = { ...SAME_ORIGIN, cookie: await login(edge, 'somebody else') };
    const other = edge.ask('/api/runs', { method: 'POST', headers: theirs, body: '{"a":1}' });
    const run = await agent.requests.take();
    expect((await run.body()).toString()).toBe('{"a":1}');
    run.answer(202, {});
    expect((await other).status).toBe(202);
    const take = async (one: FakeRequest): Promise<number> => {
      const { length } = await one.body();
      one.answer(200, {});
      return length;
    };
    expect(await Promise.all(asked.map(take))).toEqual(asked.map(() => MiB));
    for (const upload of uploads) expect((await upload).status).toBe(200);
  });

  it('lets no more of bodies on their way than the line takes in a moment, users in turns', async () => {
    agent = await FakeAgent.link(edge, edge.host, { marks: true });
    const other = await login(edge, 'somebody else');
    agent.reads = false;
    const bodies = { ...SAME_ORIGIN, 'content-type': 'application/octet-stream' };
    const send = (path: string, as: string, body: Buffer) => edge.ask(path, { method: 'POST', headers: { ...bodies, cookie: as }, body });
    const answers = Array.from({ length: 4 }, () => send('/api/plugins/x/mine', cookie, Buffer.alloc(MiB)));
    const mine = await Promise.all(answers.map(() => agent.requests.take()));
    const arrived = () => mine.flatMap(({ frames }) => frames.rest).reduce((sum, { bytes }) => sum + bytes.length, 0);
    await agent.controls.take(({ type }) => type === 'mark');
    // What is behind a request on the link has not overtaken what was sent before it.
    const theirs = send('/api/plugins/x/theirs', other, Buffer.from('small'));
    const asked = await agent.requests.take();
    expect(arrived()).toBeGreaterThan(0);
    expect(arrived()).toBeLessThan(64 * 1024);
    // As the line moves, the other one is next, whatever else waits.
    agent.reads = true;
    for (const _ of agent.controls.rest) agent.control({ type: 'arrived' });
    agent.control({ type: 'arrived' });
    expect((await asked.body()).toString()).toBe('small');
    expect(arrived()).toBeLessThan(MiB);
    asked.answer(200, {});
    expect((await theirs).status).toBe(200);
    const lengths = await Promise.all(
      mine.map(async (one) => {
        const { length } = await one.body();
        one.answer(200, {});
        return length;
      }),
    );
    expect(lengths).toEqual(mine.map(() => MiB));
    for (const answer of answers) expect((await answer).status).toBe(200);
  });

  it('refuses a body that is too large, also one that does not say how large it is', async () => {
    const said = await edge.ask('/api/actions', { method: 'POST', headers: { ...SAME_ORIGIN, cookie }, body: Buffer.alloc(MiB + 1, 32) });
    expect([said.status, said.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
    const status = await new Promise((resolve, reject) => {
      const headers = edge.frontHeaders({ ...SAME_ORIGIN, cookie, 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
      const asking = request(`${edge.origin}/api/actions`, { method: 'POST', headers, agent: false }, (response) =>
        resolve(response.resume().statusCode),
      );
      asking.on('error', reject);
      asking.end(Buffer.alloc(3 * MiB, 32));
      void agent.requests.take().then((asked) => asked.body().catch(() => undefined));
    });
    expect(status).toBe(413);
  });

  it('answers HEAD and 204 without a body', async () => {
    agent.handle = (request) => {
      request.answer(request.head.method === 'HEAD' ? 200 : 204, request.head.method === 'HEAD' ? { a: 1 } : null);
      return true;
    };
    expect(await edge.ask('/api/scripts', { method: 'HEAD', headers: { cookie } })).toMatchObject({ status: 200, text: '' });
    expect(await edge.ask('/api/actions/x', { method: 'DELETE', headers: { ...SAME_ORIGIN, cookie } })).toMatchObject({
      status: 204,
      text: '',
    });
  });

  it.each([
    ['a status that is none', { status: 99, headers: [], body: false }],
    ['a header that is none', { status: 200, headers: [['content-type', 'a\r\nset-cookie: x']], body: false }],
    ['no JSON', null],
  ])('answers 500, without its text, to a host that answers with %s', async (_what, head) => {
    const answered = edge.ask('/api/scripts', { headers: { cookie } });
    const asked = await agent.requests.take();
    asked.send('head', Buffer.from(head === null ? 'hello' : JSON.stringify(head)));
    const { status, text } = await answered;
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({ error: { code: 'internal', message: expect.any(String) } });
    expect(text).not.toMatch(/at |\.ts|Error:/);
  });
});
