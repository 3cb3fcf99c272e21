import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBase64Url, randomHex, toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { MAX_OUTPUT_FRAME, OLDEST_PROTOCOL, PROTOCOL_VERSION, USER_FRAMES_WINDOW } from '../../shared/limits.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { decodeFrame, encodeFrame, encodeJson } from '../../shared/tunnel.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { Agent } from '../agent.ts';
import { startAgent } from '../agent.ts';
import { loadConfig } from '../config.ts';
import type { Identity } from '../link/identity.ts';
import { loadIdentity } from '../link/identity.ts';
import type { LinkSession } from '../link/link.ts';
import { createLogger } from '../logger.ts';
import { textOf } from '../logs/frame-text.ts';
import { until as untilSeen } from '../until.ts';

/** A whole agent, driven through its edge transport by hand: here an edge may lie as it likes. */

const INSTALLATION = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
const PASSWORD = 'correct horse battery';
const CLIENT_PASSWORD = 'client of the house';

type Said = Record<string, unknown>;

/** The hostile edge: keeps what the agent says, by connection and by request. */
class Edge implements LinkSession {
  readonly epoch = 'e1';
  readonly installation = INSTALLATION;
  clears = true;
  creditByUser = true;
  readonly controls: AgentControl[] = [];
  readonly frames = new Map<string, Said[]>();
  /** Whom it said something to, in order. */
  readonly order: string[] = [];
  readonly answers = new Map<string, { status: number; body: string; ended: boolean }>();

  control(message: AgentControl): void {
    this.controls.push(message);
  }

  text(topic: string, payload: string | Utf8Text): void {
    const list = this.frames.get(topic) ?? [];
    list.push(JSON.parse(textOf(payload)));
    this.order.push(topic);
    this.frames.set(topic, list);
  }

  binary(topic: string, payload: Uint8Array): void {
    const frame = decodeFrame(payload);
    const answer = this.answers.get(topic) ?? { status: 0, body: '', ended: false };
    this.answers.set(topic, answer);
    const text = new TextDecoder().decode(frame?.bytes);
    if (frame?.kind === 'head') {
      const head: { status: number; body: boolean } = JSON.parse(text);
      answer.status = head.status;
      answer.ended = !head.body;
    }
    if (frame?.kind === 'data') answer.body += text;
    if (frame?.kind === 'end') answer.ended = true;
  }

  /** Null: a line that is free. Else who waits for it. */
  held: ((size: number) => void)[] | null = null;

  turn(callback: (size: number) => void): void {
    if (this.held === null) setImmediate(callback, MAX_OUTPUT_FRAME);
    else this.held.push(callback);
  }
}

const home = mkdtempSync(join(tmpdir(), 'toru-transport-'));
let agent: Agent;
let identity: Identity;
const edge = new Edge();

/** What the agent has said. */
const told = () => [[...edge.frames], edge.controls];
const until = <T>(find: () => T | undefined | false): Promise<T> => untilSeen(find, told);

async function ask(head: Partial<RequestHead> & { path: string }, body?: unknown): Promise<{ status: number; json: Said }> {
  const id = randomHex(8);
  agent.transport.binary(
    `h/${id}`,
    encodeJson('head', {
      method: 'GET',
      query: '',
      headers: body === undefined ? [] : [['content-type', 'application/json']],
      body: body !== undefined,
      caller: null,
      ...head,
    }),
  );
  if (body !== undefined) {
    agent.transport.binary(`h/${id}`, encodeFrame('data', new TextEncoder().encode(JSON.stringify(body))));
    agent.transport.binary(`h/${id}`, encodeFrame('end'));
  }
  const answer = await until(() => {
    const found = edge.answers.get(`h/${id}`);
    return found?.ended === true && found;
  });
  const json: Said = answer.body === '' ? {} : JSON.parse(answer.body);
  return { status: answer.status, json };
}

async function login(username: string, password: string): Promise<{ sid: string; grant: string }> {
  const sid = randomHex(32);
  const { status, json } = await ask(
    { method: 'POST', path: '/link/login' },
    { username, password, sid, address: '192.0.2.7', user_agent: 'test' },
  );
  expect(status).toBe(200);
  return { sid, grant: String(json['grant']) };
}

const callerOf = (session: { sid: string; grant: string }): RequestHead['caller'] => ({
  ...session,
  address: '192.0.2.7',
  user_agent: 'test',
});

/** A browser's socket; what it was told is in `said`. */
function connect(session: { sid: string; grant: string }, version: { protocol?: number } = {}) {
  const conn = randomHex(8);
  agent.transport.control({ type: 'open', conn, ...session, address: '192.0.2.7', user_agent: 'test', ...version });
  return {
    conn,
    send: (frame: unknown): void => agent.transport.text(`c/${conn}`, typeof frame === 'string' ? frame : JSON.stringify(frame)),
    /** Its own frames and those of the topics that it was joined to. */
    get said(): Said[] {
      const topics = edge.controls.flatMap((control) => (control.type === 'join' && control.conn === conn ? [`t/${control.topic}`] : []));
      return [...(edge.frames.get(`c/${conn}`) ?? []), ...topics.flatMap((topic) => edge.frames.get(topic) ?? [])];
    },
    get closed() {
      return edge.controls.find((control) => control.type === 'close' && control.conn === conn);
    },
  };
}

/** Another grant in the words of this one, signed by `by`. */
function forge(grant: string, change: (claims: Said) => Said, by: Identity): string {
  const claims: Said = JSON.parse(new TextDecoder().decode(fromBase64Url(grant.split('.')[0] ?? '')));
  const bytes = new TextEncoder().encode(JSON.stringify(change(claims)));
  return `${toBase64Url(bytes)}.${toBase64Url(by.sign(purposed('grant', bytes)))}`;
}

let admin: { sid: string; grant: string };
let client: { sid: string; grant: string };
let clientId: string;

beforeAll(async () => {
  const scripts = join(home, 'scripts');
  for (const name of [`.snapshot-${2 ** 30}-abc`, '.restore-abc']) mkdirSync(join(home, name));
  const config = loadConfig({ TORU_HOME: home, ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'error' });
  agent = await startAgent(config, createLogger({ ...config, console: 'off' }), null);
  identity = loadIdentity(home);
  // What a killed snapshot and a killed restore left there goes at the start.
  expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([]);
  agent.transport.up(edge);
  for (const [name, text] of [
    ['say.sh', '#!/bin/sh\necho "said $1"\n'],
    ['wait.sh', '#!/bin/sh\necho up\nexec sleep 600\n'],
  ]) {
    if (name === undefined || text === undefined) continue;
    writeFileSync(join(scripts, name), text);
    chmodSync(join(scripts, name), 0o755);
  }
  admin = await login('admin', PASSWORD);
  const made = await ask(
    { method: 'POST', path: '/api/users', caller: callerOf(admin) },
    { username: 'carla', password: CLIENT_PASSWORD, role: 'client' },
  );
  expect(made.status).toBe(201);
  clientId = String(made.json['id']);
  const text = { type: 'text', name: 'what', label: 'What' };
  const caller = callerOf(admin);
  expect(
    (
      await ask(
        { method: 'POST', path: '/api/actions', caller },
        { id: 'say', label: 'Say', script: 'say.sh', inputs: [text], allow: [clientId] },
      )
    ).status,
  ).toBe(201);
  expect((await ask({ method: 'POST', path: '/api/actions', caller }, { id: 'other', label: 'Other', script: 'wait.sh' })).status).toBe(
    201,
  );
  client = await login('carla', CLIENT_PASSWORD);
});

afterAll(async () => {
  await agent.stop();
  rmSync(home, { recursive: true, force: true });
});

test('a page of a newer release is answered in what both speak; one that is too old is told to reload', async () => {
  const newer = connect(admin, { protocol: PROTOCOL_VERSION + 4 });
  expect(await until(() => newer.said[0])).toMatchObject({ type: 'hello', protocol: PROTOCOL_VERSION });
  agent.transport.control({ type: 'closed', conn: newer.conn });
  const older = connect(admin, { protocol: OLDEST_PROTOCOL - 1 });
  expect(await until(() => older.closed)).toMatchObject({ code: CLOSE.reload });
  expect(older.said).toEqual([]);
});

test('a press: hello, started, attached, the output, the exit', async () => {
  const browser = connect(admin);
  const request_id = randomUUID();
  browser.send({ type: 'run', action: 'say', inputs: { what: 'a word' }, request_id });
  const exit = await until(() => browser.said.find((frame) => frame['type'] === 'exit'));
  expect(exit).toMatchObject({ code: 0, signal: null });
  expect(browser.said.slice(0, 3).map((frame) => frame['type'])).toEqual(['hello', 'started', 'attached']);
  expect(browser.said[1]).toMatchObject({ request_id });
  expect(browser.said.find((frame) => frame['type'] === 'stdout')).toMatchObject({ data: 'said a word\n', cursor: 12 });
  agent.transport.control({ type: 'closed', conn: browser.conn });
});

test('a forged, expired or foreign grant opens nothing, at either entrance', async () => {
  const stranger = loadIdentity(mkdtempSync(join(tmpdir(), 'toru-stranger-')));
  const past = Math.floor(Date.now() / 1000) - 10;
  const flipped = admin.grant.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
  const [body = '', signature = ''] = admin.grant.split('.');
  const bytes = fromBase64Url(body);
  const withoutPurpose = `${body}.${toBase64Url(identity.sign(bytes))}`;
  const bad: Record<string, { sid: string; grant: string }> = {
    'signed by another key': { sid: admin.sid, grant: forge(admin.grant, (claims) => claims, stranger) },
    'a bent signature': { sid: admin.sid, grant: flipped },
    'claims of the admin under the signature of another grant': { sid: admin.sid, grant: `${body}.${client.grant.split('.')[1] ?? ''}` },
    'signed without its purpose': { sid: admin.sid, grant: withoutPurpose },
    expired: { sid: admin.sid, grant: forge(admin.grant, (claims) => ({ ...claims, iat: past - 3600, exp: past }), identity) },
    'for another host': { sid: admin.sid, grant: forge(admin.grant, (claims) => ({ ...claims, aud: randomUUID() }), identity) },
    'of another installation': { sid: admin.sid, grant: forge(admin.grant, (claims) => ({ ...claims, ins: randomUUID() }), identity) },
    'of another session': { sid: client.sid, grant: admin.grant },
    'of a session that never began': {
      sid: randomHex(32),
      grant: forge(admin.grant, (claims) => ({ ...claims, sid: randomHex(32) }), identity),
    },
    'of a user under another one’s session': {
      sid: client.sid,
      grant: forge(client.grant, (claims) => ({ ...claims, sub: JSON.parse(new TextDecoder().decode(bytes)).sub }), identity),
    },
    'from an epoch that ended': { sid: admin.sid, grant: forge(admin.grant, (claims) => ({ ...claims, epoch: 0 }), identity) },
  };
  expect(signature).toHaveLength(86);
  for (const [what, session] of Object.entries(bad)) {
    const { status } = await ask({ path: '/api/scripts', caller: callerOf(session) });
    expect([what, status]).toEqual([what, 401]);
    const browser = connect(session);
    browser.send({ type: 'run', script: 'say.sh', args: ['x'] });
    expect([what, browser.closed]).toMatchObject([what, { code: CLOSE.session_ended }]);
    expect(browser.said).toEqual([]);
  }
  expect((await ask({ path: '/api/scripts', caller: null })).status).toBe(401);
  expect((await ask({ path: '/api/scripts', caller: callerOf(admin) })).status).toBe(200);
});

test('a client’s grant does what a client may, whatever the edge claims beside it', async () => {
  const caller = callerOf(client);
  const asked: [string, RequestHead['method'], string, unknown?][] = [
    ['forbidden', 'GET', '/api/scripts'],
    ['forbidden', 'GET', '/api/users'],
    ['forbidden', 'POST', '/api/users', { username: 'eve', password: 'long enough', role: 'admin' }],
    ['forbidden', 'PATCH', `/api/users/${clientId}`, { role: 'admin' }],
    ['forbidden', 'GET', '/api/settings'],
    ['forbidden', 'PUT', '/api/settings', { keep_days: 1 }],
    ['forbidden', 'GET', '/api/system'],
    ['forbidden', 'GET', '/api/audit'],
    ['forbidden', 'POST', '/api/actions', { label: 'Mine', script: 'say.sh' }],
    ['forbidden', 'DELETE', '/api/actions/say'],
    ['forbidden', 'POST', '/api/runs', { script: 'say.sh' }],
    ['unknown_action', 'GET', '/api/actions/other'],
  ];
  for (const [code, method, path, body] of asked) {
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['accept', 'application/json'],
    ];
    const { json } = await ask({ method, path, caller, headers }, body);
    expect([method, path, json]).toMatchObject([method, path, { error: { code } }]);
  }
  const pressed = await ask({ method: 'POST', path: '/api/runs', caller }, { action: 'other' });
  expect(pressed.json).toMatchObject({ error: { code: 'unknown_action' } });

  const browser = connect(client);
  browser.send({ type: 'run', script: 'say.sh' });
  browser.send({ type: 'run', action: 'other' });
  browser.send({ type: 'subscribe', topic: 'system' });
  await until(() => browser.said.filter((frame) => frame['type'] === 'error').length === 3);
  const refusals = browser.said.filter((frame) => frame['type'] === 'error').map((frame) => frame['code']);
  expect(refusals.sort()).toEqual(['forbidden', 'forbidden', 'unknown_action']);
  const { json } = await ask({ path: '/api/audit', query: '?event=request.refused&limit=200', caller: callerOf(admin) });
  for (const target of ['run.script', 'subscribe.system', 'POST /api/users', 'PUT /api/settings'])
    expect(json['items']).toContainEqual(expect.objectContaining({ target, outcome: 'refused' }));
  browser.send({ type: 'subscribe', topic: 'runs' });
  expect(edge.controls.filter((control) => control.type === 'join' && control.conn === browser.conn)).toEqual([
    { type: 'join', conn: browser.conn, topic: `runs/${clientId}` },
  ]);
});

test('what stands behind a button stays unsaid to a client, also when it can’t run', async () => {
  const made = await ask(
    { method: 'POST', path: '/api/actions', caller: callerOf(admin) },
    { id: 'gone', label: 'Gone', script: 'secret-name.sh', allow: 'everyone' },
  );
  expect(made.status).toBe(201);
  const browser = connect(client);
  browser.send({ type: 'run', action: 'gone' });
  const error = await until(() => browser.said.find((frame) => frame['type'] === 'error'));
  expect(error).toMatchObject({ code: 'unknown_script' });
  expect(JSON.stringify(browser.said)).not.toContain('secret-name');
});

test('another’s run does not exist for a client: not its output, not its cancel, not its input', async () => {
  const owner = connect(admin);
  owner.send({ type: 'run', action: 'other' });
  const started = await until(() => owner.said.find((frame) => frame['type'] === 'started'));
  const task_id = String(started['task_id']);
  const browser = connect(client);
  for (const frame of [
    { type: 'attach', task_id, from: 0 },
    { type: 'cancel', task_id },
    { type: 'input', task_id, data: 'x' },
  ])
    browser.send(frame);
  await until(() => browser.said.filter((frame) => frame['code'] === 'unknown_task').length === 3);
  for (const path of [`/api/runs/${task_id}`, `/api/runs/${task_id}/output`]) {
    expect((await ask({ path, caller: callerOf(client) })).status).toBe(404);
  }
  expect((await ask({ method: 'POST', path: `/api/runs/${task_id}/cancel`, caller: callerOf(client) })).status).toBe(404);
  owner.send({ type: 'cancel', task_id });
  await until(() => owner.said.find((frame) => frame['type'] === 'cancelled'));
});

test.each(['GET', 'HEAD'] as const)('a %s with a body is answered as one without', async (method) => {
  expect((await ask({ method, path: '/api/runs', caller: callerOf(admin) }, {})).status).toBe(200);
});

test('a socket hears of as many plugins as a page has cards, keeps room for runs, and is told what is too many', async () => {
  const caller = callerOf(admin);
  const ids = Array.from({ length: 49 }, (_, at) => `card-${at}`);
  for (const id of ids) {
    mkdirSync(join(home, 'plugins', id), { recursive: true });
    const manifest = { id, name: id, version: '1.0.0', protocol: { min: 1, max: 1 }, run: ['node', 'plugin.js'] };
    writeFileSync(join(home, 'plugins', id, 'plugin.json'), JSON.stringify(manifest));
  }
  expect((await ask({ method: 'POST', path: '/api/plugin-admin/rescan', caller }, {})).status).toBeLessThan(300);
  const browser = connect(admin);
  const count = (type: string): number => browser.said.filter((frame) => frame['type'] === type).length;
  for (const plugin of ids) browser.send({ type: 'subscribe', topic: 'plugin', plugin });
  await until(() => count('error') === 1);
  expect(count('subscribed')).toBe(48);
  expect(browser.said.at(-1)).toMatchObject({ code: 'too_many_requests', data: expect.stringContaining('End some subscriptions first') });
  // Once more for what it hears already is none more.
  browser.send({ type: 'subscribe', topic: 'plugin', plugin: ids[0] });
  await until(() => count('subscribed') === 49);
  expect(count('error')).toBe(1);

  const action = { id: 'in-turn', label: 'In turn', script: 'wait.sh', max_concurrent: 1, when_full: 'queue' };
  expect((await ask({ method: 'POST', path: '/api/actions', caller }, action)).status).toBe(201);
  for (let n = 0; n < 17; n += 1) browser.send({ type: 'run', action: 'in-turn' });
  await until(() => count('started') === 17 && count('error') === 2);
  expect(count('attached')).toBe(16);
  expect(browser.said.findLast((frame) => frame['type'] === 'error')).toMatchObject({ data: expect.stringContaining('Detach from some') });
  // One subscription less is one run more.
  const unwatched = browser.said.filter((frame) => frame['type'] === 'started').map((frame) => String(frame['task_id']));
  const attached = new Set(browser.said.filter((frame) => frame['type'] === 'attached').map((frame) => frame['task_id']));
  browser.send({ type: 'unsubscribe', topic: 'plugin', plugin: ids[0] });
  browser.send({ type: 'attach', task_id: unwatched.find((id) => !attached.has(id)), from: 0 });
  await until(() => count('attached') === 17);
  for (const task_id of unwatched.reverse()) browser.send({ type: 'cancel', task_id });
  await until(() => count('cancelled') === 17);
  agent.transport.control({ type: 'closed', conn: browser.conn });
});

test.each([true, false])('at the end of a run those who watched it leave together, if the edge knows that (%s)', async (clears) => {
  edge.clears = clears;
  const [owner, other] = [connect(admin), connect(admin)];
  owner.send({ type: 'run', action: 'other' });
  const { task_id } = await until(() => owner.said.find((frame) => frame['type'] === 'started'));
  other.send({ type: 'attach', task_id, from: 0 });
  const about = (): AgentControl[] => edge.controls.filter((control) => 'topic' in control && control.topic === `run/${String(task_id)}`);
  await until(() => about().length === 2);
  owner.send({ type: 'cancel', task_id });
  await until(() => [owner, other].every(({ said }) => said.some((frame) => frame['type'] === 'cancelled')));
  const left = clears ? ['clear'] : ['leave', 'leave'];
  expect(about().map(({ type }) => type)).toEqual(['join', 'join', ...left]);
  edge.clears = true;
});

test('every kind of bad frame gets its own code, and the socket lives', async () => {
  const browser = connect(admin);
  const request_id = randomUUID();
  const bad: [string, unknown][] = [
    ['bad_json', '{"type":'],
    ['bad_json', '['.repeat(250_000)],
    ['bad_json', `{"type":"run","action":"say","inputs":{"what":${'['.repeat(1000)}${']'.repeat(1000)}}}`],
    ['bad_json', `{"type":"run","action":"say","args":[${Array(80_000).fill('[]').join(',')}]}`],
    ['bad_frame', '[]'],
    ['unknown_type', { type: 'launch' }],
    ['bad_frame', { type: 'cancel', task_id: 7 }],
    ['bad_frame', { type: 'run' }],
    ['bad_frame', { type: 'run', script: 'say.sh', action: 'say' }],
    ['bad_frame', { type: 'attach', task_id: randomUUID(), from: -1 }],
    ['unknown_task', { type: 'attach', task_id: randomUUID(), from: 0 }],
    ['unknown_task', { type: 'cancel', task_id: randomUUID() }],
    ['unknown_script', { type: 'run', script: 'nothing.sh', request_id }],
    ['script_outside', { type: 'run', script: '../agent.key' }],
    ['script_outside', { type: 'run', script: '/bin/sh' }],
    ['unknown_action', { type: 'run', action: 'nothing' }],
    ['input_undeclared', { type: 'run', action: 'say', inputs: { other: 'x' } }],
    ['input_invalid', { type: 'run', action: 'say', inputs: { what: '--option' } }],
    ['too_large', `{"type":"run","script":"${'x'.repeat(300_000)}"}`],
  ];
  for (const [code, frame] of bad) {
    const before = browser.said.length;
    browser.send(frame);
    const said = await until(() => browser.said[before]);
    expect([frame, said]).toMatchObject([frame, { type: 'error', code }]);
  }
  expect(browser.said.find((said) => said['code'] === 'unknown_script')).toMatchObject({ request_id });
  browser.send({ type: 'ping' });
  expect(browser.said.at(-1)).toEqual({ type: 'pong' });
});

/** What was said to be read of the users of these connections together. */
const credited = (...conns: string[]): number =>
  edge.controls.reduce((sum, said) => sum + (said.type === 'credit' ? conns.reduce((of, conn) => of + (said.conns[conn] ?? 0), 0) : 0), 0);

test('a frame takes its turn between those of a client that floods twenty sockets', async () => {
  const browser = connect(admin);
  const flood = Array.from({ length: 20 }, () => connect(client));
  const answers = (): number => flood.reduce((sum, { said }) => sum + said.filter(({ type }) => type === 'error').length, 0);
  // Each asks the database.
  const frame = { type: 'attach', task_id: randomUUID(), from: 0 };
  for (let n = 0; n < 250; n += 1) for (const socket of flood) socket.send(frame);
  browser.send({ type: 'ping' });
  // None is lost, and then all of it is credited.
  await until(() => answers() === 5000);
  const flooding = new Set(flood.map(({ conn }) => `c/${conn}`));
  const after = edge.order.slice(edge.order.lastIndexOf(`c/${browser.conn}`)).filter((topic) => flooding.has(topic));
  expect(browser.said.at(-1)).toEqual({ type: 'pong' });
  expect(after.length).toBeGreaterThan(1000);
  for (const { conn } of flood) agent.transport.control({ type: 'closed', conn });
  const before = edge.controls.length;
  await until(() => credited(...flood.map(({ conn }) => conn)) >= 5000 * JSON.stringify(frame).length);
  // Twenty connections of one user are not named one by one.
  const messages = edge.controls.slice(0, before).filter(({ type }) => type === 'credit');
  expect(messages.length).toBeLessThan(20);
});

test('what is not read is not credited; what a browser said before it left is done', async () => {
  const browser = connect(admin);
  browser.send({ type: 'run', script: 'wait.sh' });
  const { task_id } = await until(() => browser.said.find((said) => said['type'] === 'started'));
  const leaving = connect(admin);
  const large = JSON.stringify({ type: 'run', script: 'x'.repeat(200_000) });
  const before = edge.controls.length;
  for (let n = 0; n < 6; n += 1) leaving.send(large);
  leaving.send({ type: 'cancel', task_id });
  agent.transport.control({ type: 'closed', conn: leaving.conn });
  await until(() => browser.said.find((said) => said['type'] === 'cancelled'));
  const size = 6 * large.length + JSON.stringify({ type: 'cancel', task_id }).length;
  // By either of the admin's connections.
  await until(() => credited(leaving.conn, browser.conn) >= size);
  // Not a message for each frame: one for an eighth of a window, and one at the end.
  expect(edge.controls.slice(before).filter(({ type }) => type === 'credit').length).toBeLessThan(8);
});

test('frames past two windows, of an edge that gives no heed to credit, are refused unread', async () => {
  const browser = connect(client);
  const large = JSON.stringify({ type: 'run', script: 'x', args: Array(256).fill('y'.repeat(900)) });
  const frames = Math.ceil((3 * USER_FRAMES_WINDOW) / large.length);
  for (let n = 0; n < frames; n += 1) browser.send(large);
  await until(() => browser.said.filter(({ type }) => type === 'error').length === frames);
  const codes = browser.said.map((said) => String(said['code']));
  expect(codes).toContainEqual(expect.stringMatching(/^(too_many_requests|forbidden)$/));
  const stray = randomHex(8);
  agent.transport.text(`c/${stray}`, large);
  expect(credited(stray)).toBe(large.length);
  agent.transport.control({ type: 'closed', conn: browser.conn });
  await until(() => credited(browser.conn) === frames * large.length);
});

test('the end of a session closes its connections at once, and the edge is told until it says that it knows', async () => {
  const session = await login('carla', CLIENT_PASSWORD);
  const browser = connect(session);
  expect(browser.said[0]).toMatchObject({ type: 'hello' });
  await ask({ method: 'POST', path: '/link/logout' }, { sid: session.sid });
  expect(browser.closed).toMatchObject({ code: CLOSE.session_ended });
  const told = await until(() => edge.controls.find((control) => control.type === 'revoke' && control.sids.includes(session.sid)));
  if (told.type !== 'revoke') throw new Error('unreachable');
  expect((await ask({ path: '/api/actions', caller: callerOf(session) })).status).toBe(401);

  agent.transport.down();
  const repeated = edge.controls.length;
  agent.transport.up(edge);
  expect(edge.controls.slice(repeated)).toContainEqual(told);
  agent.transport.control({ type: 'revoked', id: told.id });
  agent.transport.down();
  const silent = edge.controls.length;
  agent.transport.up(edge);
  expect(edge.controls.slice(silent)).not.toContainEqual(told);
});

test('the edge hears of a new name of this host at once, and of no other change of the settings', async () => {
  const from = edge.controls.length;
  const put = (settings: Said) => ask({ method: 'PUT', path: '/api/settings', caller: callerOf(admin) }, settings);
  for (const settings of [{ keep_days: 30 }, { host_name: 'attic' }, { host_name: 'attic' }, { keep_days: 31 }])
    expect((await put(settings)).status).toBe(200);
  expect(edge.controls.slice(from).filter(({ type }) => type === 'name')).toEqual([{ type: 'name', name: 'attic' }]);
});

test('a disabled user is out at once, on every connection', async () => {
  const browser = connect(client);
  expect((await ask({ method: 'PATCH', path: `/api/users/${clientId}`, caller: callerOf(admin) }, { disabled: true })).status).toBe(200);
  expect(browser.closed).toMatchObject({ code: CLOSE.session_ended });
  expect((await ask({ path: '/api/actions', caller: callerOf(client) })).status).toBe(401);
});

test('on a line that is busy, news waits for its turn and is the newest then; an answer does not', async () => {
  const browser = connect(admin);
  browser.send({ type: 'subscribe', topic: 'plugins' });
  await until(() => browser.said.find((said) => said['type'] === 'subscribed'));
  const told = (): Said[] => edge.frames.get('t/plugins') ?? [];
  edge.held = [];
  const before = told().length;
  for (let n = 0; n < 1000; n += 1) agent.transport.tell('plugins', JSON.stringify({ type: 'plugin', n }), 'one');
  browser.send({ type: 'detach', task_id: randomUUID() });
  await until(() => browser.said.find((said) => said['type'] === 'detached'));
  expect(told().length).toBe(before);
  const { held } = edge;
  edge.held = null;
  for (const callback of held) callback(2048);
  expect(told().slice(before)).toEqual([{ type: 'plugin', n: 999 }]);
});
