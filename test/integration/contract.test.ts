import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** The contracts as a stranger would use them: every endpoint and every frame, as an admin, as a client, as nobody. */

const CLIENT_PASSWORD = 'client of the house';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let toru: Toru;
let admin: Client;
let client: Client;
let nobody: Client;
let clientId: string;

function script(name: string, text: string, mode = 0o755): void {
  const file = join(toru.home, 'scripts', name);
  writeFileSync(file, text);
  chmodSync(file, mode);
}

async function finished(task: string): Promise<Record<string, unknown>> {
  let run: Record<string, unknown> = {};
  await eventually(`the end of ${task}`, async () => {
    run = (await admin.http('GET', `/api/runs/${task}`)).json();
    return run['state'] !== 'queued' && run['state'] !== 'running';
  });
  return run;
}

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_USERNAME: 'owner', ADMIN_PASSWORD: 'correct horse battery' } });
  admin = await Client.of(toru, 'owner', 'correct horse battery');
  nobody = new Client(toru.url);
  script('say.sh', '#!/bin/sh\necho "said $1"\n');
  script('loop.sh', '#!/bin/sh\necho up\nwhile :; do sleep 1; done\n');
  script('cat.sh', '#!/bin/sh\nwhile read -r line; do echo "got $line"; [ "$line" = bye ] && exit 3; done\n');
  script('plain.sh', '#!/bin/sh\necho no\n', 0o644);
  mkdirSync(join(toru.home, 'scripts', 'deep'));
  script('deep/inner.sh', '#!/bin/sh\necho deep\n');
  symlinkSync('/bin/sh', join(toru.home, 'scripts', 'out.sh'));
  const made = await admin.http('POST', '/api/users', { username: 'carla', password: CLIENT_PASSWORD, role: 'client' });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  clientId = made.json().id;
  client = await Client.of(toru, 'carla', CLIENT_PASSWORD);
});

afterAll(async () => {
  for (const one of [admin, client, nobody]) one?.close();
  await toru?.[Symbol.asyncDispose]();
});

test('edge: health, login, me, sessions, hosts, logout', async () => {
  // To a stranger, not which version's faults it has.
  expect((await nobody.http('GET', '/api/health')).json()).toEqual({ ok: true, host_online: true });
  expect((await nobody.http('GET', '/api/me')).status).toBe(401);
  const wrong = await nobody.login('owner', 'not the password');
  expect([wrong.status, wrong.json().error.code]).toEqual([401, 'invalid_credentials']);
  const unknown = await nobody.login('nobody-here', 'not the password');
  expect(unknown.text).toBe(wrong.text);

  const me = (await admin.http('GET', '/api/me')).json();
  expect(me).toMatchObject({ user: { username: 'owner', role: 'admin' }, host: expect.stringMatching(UUID) });
  const hosts = (await admin.http('GET', '/api/hosts')).json();
  expect(hosts).toMatchObject({ items: [{ id: me.host, online: true }], next_cursor: null });

  // A host by its name in the path, over both ways in; one that is not ours is unknown.
  expect((await admin.http('GET', `/api/hosts/${me.host}/settings`)).json()).toMatchObject({ instance_id: me.host });
  expect((await admin.http('GET', `/api/hosts/${crypto.randomUUID()}/settings`)).json()).toMatchObject({ error: { code: 'unknown_host' } });
  const named = await admin.openSocket({}, `/api/hosts/${me.host}/ws`);
  await named.next('hello');
  named.close();

  const second = await Client.of(toru, 'owner', 'correct horse battery');
  const sessions = (await admin.http('GET', '/api/sessions')).json();
  expect(sessions.items.length).toBe(2);
  expect(sessions.items[0]).toMatchObject({
    id: expect.stringMatching(UUID),
    created_at: expect.stringMatching(ISO),
    current: expect.any(Boolean),
  });
  const other = sessions.items.find((session: { current: boolean }) => !session.current);
  const socket = await second.openSocket();
  expect((await admin.http('DELETE', `/api/sessions/${other.id}`)).status).toBe(204);
  await eventually('the ended session’s socket is closed', () => socket.closed, { holds: (seen) => seen !== null });
  expect((await second.http('GET', '/api/me')).status).toBe(401);

  const third = await Client.of(toru, 'owner', 'correct horse battery');
  expect((await third.http('POST', '/api/logout')).status).toBe(204);
  expect((await third.http('GET', '/api/me')).status).toBe(401);
});

test('a login is throttled with Retry-After, for that account and address', async () => {
  const guesser = new Client(toru.url);
  let answer = await guesser.login('victim', 'guess 0 guess');
  for (let guess = 1; guess < 40 && answer.status !== 429; guess += 1) answer = await guesser.login('victim', `guess ${guess} guess`);
  expect([answer.status, answer.json().error.code]).toEqual([429, 'too_many_attempts']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('scripts: what can run, what can’t, and how to fix it', async () => {
  const { items } = (await admin.http('GET', '/api/scripts')).json();
  const byName = new Map<string, Record<string, unknown>>(items.map((item: { name: string }) => [item.name, item]));
  expect(byName.get('say.sh')).toMatchObject({ runnable: true, problem: null });
  expect(byName.get('deep/inner.sh')).toMatchObject({ runnable: true });
  expect(byName.get('plain.sh')).toMatchObject({ runnable: false, problem: expect.stringContaining('chmod +x') });
  expect([...byName.keys()]).not.toContain('out.sh');
});

test('actions: label and script suffice; change, order, remove', async () => {
  const made = await admin.http('POST', '/api/actions', { label: 'Say it', script: 'say.sh' });
  expect(made.status).toBe(201);
  const action = made.json();
  expect(action).toMatchObject({
    id: 'say-it',
    label: 'Say it',
    script: 'say.sh',
    inputs: [],
    confirm: 'none',
    timeout_s: 0,
    when_full: 'queue',
    allow: [],
  });
  const changed = await admin.http('PATCH', `/api/actions/${action.id}`, { color: 'red' });
  expect(changed.json()).toMatchObject({ color: 'red', label: 'Say it' });
  const ids: string[] = (await admin.http('GET', '/api/actions')).json().items.map((item: { id: string }) => item.id);
  const turned = [...ids].reverse();
  expect((await admin.http('PUT', '/api/actions/order', { ids: turned })).status).toBe(200);
  expect((await admin.http('GET', '/api/actions')).json().items.map((item: { id: string }) => item.id)).toEqual(turned);
  expect((await admin.http('PUT', '/api/actions/order', { ids: turned.slice(1) })).status).toBeGreaterThanOrEqual(400);
  expect((await admin.http('GET', `/api/actions/${action.id}`)).status).toBe(200);
  expect((await admin.http('DELETE', `/api/actions/${action.id}`)).status).toBe(204);
  expect((await admin.http('GET', `/api/actions/${action.id}`)).json()).toMatchObject({ error: { code: 'unknown_action' } });
  const secret = { type: 'secret', name: 'token', label: 'Token', pass: { by: 'argument' } };
  expect((await admin.http('POST', '/api/actions', { label: 'Leaky', script: 'say.sh', inputs: [secret] })).json()).toMatchObject({
    error: { code: 'action_invalid' },
  });
});

test('runs: start, list with filters, output from anywhere in three forms, cancel', async () => {
  const started = await admin.http('POST', '/api/runs', { script: 'say.sh', args: ['something'] });
  expect([started.status, started.json()]).toMatchObject([202, { task_id: expect.stringMatching(UUID) }]);
  const task = started.json().task_id;
  const run = await finished(task);
  expect(run).toMatchObject({
    task_id: task,
    script: 'say.sh',
    args: ['something'],
    user: 'owner',
    source: 'api',
    state: 'exited',
    exit_code: 0,
    signal: null,
    output_bytes: 15,
    disk_bytes: null,
    created_at: expect.stringMatching(ISO),
    started_at: expect.stringMatching(ISO),
    ended_at: expect.stringMatching(ISO),
  });
  expect(run).not.toHaveProperty('action');
  const output = await admin.http('GET', `/api/runs/${task}/output`);
  expect([output.text, output.headers.get('content-type'), output.headers.get('x-content-type-options')]).toEqual([
    'said something\n',
    'text/plain; charset=utf-8',
    'nosniff',
  ]);
  expect((await admin.http('GET', `/api/runs/${task}/output?from=5&limit=4`)).text).toBe('some');
  expect((await admin.http('GET', `/api/runs/${task}/output?stream=stderr`)).text).toBe('');
  expect((await admin.http('GET', `/api/runs/${task}/output?format=jsonl`)).json()).toEqual({
    stream: 'stdout',
    data: 'said something\n',
    cursor: 15,
  });
  expect((await admin.http('GET', `/api/runs/${task}/output?from=minus`)).json()).toMatchObject({ error: { code: 'bad_cursor' } });

  for (const query of ['status=exited', 'user=owner', 'q=something', 'limit=1']) {
    const list = (await admin.http('GET', `/api/runs?${query}`)).json();
    expect([query, list.items[0]]).toMatchObject([query, { task_id: task }]);
  }
  expect((await admin.http('GET', '/api/runs?action=hello')).json().items).toEqual([]);
  await admin.http('POST', '/api/runs', { script: 'say.sh' });
  const page = (await admin.http('GET', '/api/runs?limit=1')).json();
  const next = (await admin.http('GET', `/api/runs?limit=1&cursor=${encodeURIComponent(page.next_cursor)}`)).json();
  expect(next.items[0].task_id).toBe(task);

  const looping = (await admin.http('POST', '/api/runs', { script: 'loop.sh' })).json().task_id;
  expect((await admin.http('POST', `/api/runs/${looping}/cancel`)).status).toBe(202);
  expect(await finished(looping)).toMatchObject({ state: 'cancelled' });
  expect((await admin.http('POST', `/api/runs/${task}/cancel`)).json()).toMatchObject({ error: { code: 'not_running' } });
});

test('system, settings, users, audit', async () => {
  expect((await admin.http('GET', '/api/system')).json()).toMatchObject({
    cores: expect.any(Number),
    sample: { memory_total: expect.any(Number) },
  });
  const settings = (await admin.http('GET', '/api/settings')).json();
  expect(settings).toMatchObject({ instance_id: expect.stringMatching(UUID), scripts_dir: join(toru.home, 'scripts') });
  expect((await admin.http('PUT', '/api/settings', { keep_days: 45 })).json()).toMatchObject({
    keep_days: 45,
    instance_id: settings.instance_id,
  });

  const made = (await admin.http('POST', '/api/users', { username: 'dora', password: 'a long password', role: 'client' })).json();
  expect(made).toMatchObject({ username: 'dora', role: 'client', disabled: false });
  expect(made).not.toHaveProperty('password_hash');
  expect((await admin.http('POST', '/api/users', { username: 'Dora', password: 'a long password', role: 'client' })).json()).toMatchObject({
    error: { code: 'username_taken' },
  });
  expect((await admin.http('PATCH', `/api/users/${made.id}`, { disabled: true })).json()).toMatchObject({ disabled: true });
  expect((await new Client(toru.url).login('dora', 'a long password')).status).toBe(401);
  expect((await admin.http('DELETE', `/api/users/${made.id}`)).status).toBe(204);
  const owner = (await admin.http('GET', '/api/users')).json().items.find((user: { username: string }) => user.username === 'owner');
  expect((await admin.http('DELETE', `/api/users/${owner.id}`)).json()).toMatchObject({ error: { code: 'last_admin' } });

  const events = (await admin.http('GET', '/api/audit')).json().items.map((entry: { event: string }) => entry.event);
  for (const event of ['login', 'user.create', 'user.remove', 'settings.change', 'run.start', 'run.cancel']) {
    expect([event, events.includes(event)]).toEqual([event, true]);
  }
});

test('a client may press what they are allowed, and sees nothing behind it', async () => {
  const text = { type: 'text', name: 'what', label: 'What' };
  await admin.http('POST', '/api/actions', { id: 'hers', label: 'Hers', script: 'say.sh', inputs: [text], allow: [clientId] });
  await admin.http('POST', '/api/actions', { id: 'not-hers', label: 'Not hers', script: 'say.sh' });
  const { items } = (await client.http('GET', '/api/actions')).json();
  const ids = items.map((item: { id: string }) => item.id);
  expect(ids).toContain('hers');
  expect(ids).not.toContain('not-hers');
  for (const item of items) for (const hidden of ['script', 'args', 'allow']) expect(item).not.toHaveProperty(hidden);

  for (const [method, path, body] of [
    ['GET', '/api/scripts'],
    ['GET', '/api/system'],
    ['GET', '/api/settings'],
    ['PUT', '/api/settings', { keep_days: 1 }],
    ['GET', '/api/users'],
    ['POST', '/api/users', { username: 'eve', password: 'a long password', role: 'admin' }],
    ['GET', '/api/audit'],
    ['POST', '/api/actions', { label: 'x', script: 'say.sh' }],
    ['PATCH', '/api/actions/hers', { label: 'x' }],
    ['DELETE', '/api/actions/hers'],
    ['PUT', '/api/actions/order', { ids: [] }],
    ['POST', '/api/runs', { script: 'say.sh' }],
    ['POST', '/api/plugins/any/enable', {}],
  ] satisfies [string, string, unknown?][]) {
    const answer = await client.http(method ?? '', path ?? '', body);
    expect([method, path, answer.status === 403 || answer.status === 404]).toEqual([method, path, true]);
  }

  const socket = await client.openSocket();
  const task = await socket.run({ action: 'hers', inputs: { what: 'hello' } });
  await socket.next('exit', task);
  expect(socket.output(task)).toBe('said hello\n');
  const mine = (await client.http('GET', '/api/runs')).json();
  expect(mine.items.map((run: { task_id: string }) => run.task_id)).toEqual([task]);
  expect(mine.items[0]).not.toHaveProperty('script');
  const [foreign] = (await admin.http('GET', '/api/runs?user=owner&limit=1')).json().items;
  for (const path of [`/api/runs/${foreign.task_id}`, `/api/runs/${foreign.task_id}/output`])
    expect((await client.http('GET', path)).status).toBe(404);
  expect((await client.http('POST', `/api/runs/${foreign.task_id}/cancel`)).status).toBe(404);
  socket.send({ type: 'run', action: 'not-hers' });
  socket.send({ type: 'attach', task_id: foreign.task_id, from: 0 });
  await socket.eventually('two errors', () => socket.of('error').length === 2);
  expect(
    socket
      .of('error')
      .map((frame) => frame.code)
      .sort(),
  ).toEqual(['unknown_action', 'unknown_task']);
});

test('frames: run, input, cancel, attach from the tail, detach, subscribe, ping', async () => {
  await admin.http('POST', '/api/actions', { id: 'chat', label: 'Chat', script: 'cat.sh', stdin: true });
  const socket = await admin.openSocket();
  const task = await socket.run({ action: 'chat' });
  socket.send({ type: 'input', task_id: task, data: 'one\n' });
  await socket.next('stdout', task);
  const late = await admin.openSocket();
  late.send({ type: 'attach', task_id: task, from: 'tail' });
  await late.next('attached', task);
  socket.send({ type: 'input', task_id: task, data: 'bye\n' });
  expect(await late.next('exit', task)).toMatchObject({ code: 3 });
  expect(late.output(task)).toBe('got bye\n');

  socket.send({ type: 'subscribe', topic: 'runs' });
  socket.send({ type: 'subscribe', topic: 'system' });
  await socket.next('system');
  const other = await socket.run({ script: 'loop.sh' });
  await socket.next('run', undefined, (frame) => frame.run.task_id === other && frame.run.state === 'running');
  socket.send({ type: 'detach', task_id: other });
  await socket.next('detached', other);
  socket.send({ type: 'cancel', task_id: other });
  await socket.next('run', undefined, (frame) => frame.run.task_id === other && frame.run.state === 'cancelled');
  expect(socket.of('cancelled', other)).toEqual([]);
  socket.send({ type: 'ping' });
  await socket.next('pong');
});

test('bad input of every kind has its own code, and the next good input works', async () => {
  const socket = await admin.openSocket();
  const bad: [string, string | object][] = [
    ['bad_json', 'not json'],
    ['unknown_type', { type: 'launch' }],
    ['bad_frame', { type: 'cancel' }],
    ['unknown_script', { type: 'run', script: 'nothing.sh' }],
    ['script_outside', { type: 'run', script: '../toru.db' }],
    ['script_outside', { type: 'run', script: 'out.sh' }],
    ['script_not_executable', { type: 'run', script: 'plain.sh' }],
    ['unknown_action', { type: 'run', action: 'nothing' }],
    ['input_undeclared', { type: 'run', action: 'hello', inputs: { other: 1 } }],
    ['unknown_task', { type: 'cancel', task_id: crypto.randomUUID() }],
    ['too_large', { type: 'run', script: 'x'.repeat(400_000) }],
  ];
  for (const [code, frame] of bad) {
    const before = socket.of('error').length;
    socket.sendRaw(typeof frame === 'string' ? frame : JSON.stringify(frame));
    await socket.eventually(`an error for ${JSON.stringify(frame).slice(0, 80)}`, () => socket.of('error').length > before);
    expect([JSON.stringify(frame).slice(0, 80), socket.of('error').at(-1)?.code]).toEqual([JSON.stringify(frame).slice(0, 80), code]);
  }
  const task = await socket.run({ script: 'say.sh', args: ['fine'] });
  await socket.next('exit', task);

  const http: [number, string, string, string, unknown?, Record<string, string>?][] = [
    [400, 'bad_request', 'POST', '/api/runs', {}],
    [400, 'bad_request', 'POST', '/api/runs', { script: 'say.sh', unknown: 1 }],
    [404, 'not_found', 'GET', '/api/nothing'],
    [405, 'method_not_allowed', 'PUT', '/api/runs', {}],
    [400, 'bad_path', 'GET', '/api/runs/..%2fusers'],
    [403, 'cross_site', 'POST', '/api/runs', { script: 'say.sh' }, { origin: 'https://evil.example' }],
    [403, 'cross_site', 'POST', '/api/runs', { script: 'say.sh' }, { 'sec-fetch-site': 'cross-site' }],
  ];
  for (const [status, code, method, path, body, headers] of http) {
    const answer = await admin.http(method, path, body, headers);
    expect([method, path, answer.status, answer.text.startsWith('{') ? answer.json().error.code : answer.text]).toEqual([
      method,
      path,
      status,
      code,
    ]);
  }
});

test('a refused body leaves nothing behind that the next request would meet', async () => {
  const said: number[] = [];
  for (let round = 0; round < 25; round += 1) {
    said.push((await admin.http('POST', '/api/runs', { script: 'say.sh' }, { origin: 'https://evil.example' })).status);
    said.push((await admin.http('GET', '/api/me')).status);
    said.push((await admin.http('PUT', '/api/settings', { keep_days: 45 })).status);
  }
  expect(said).toEqual(Array.from({ length: 25 }, () => [403, 200, 200]).flat());
});

test('a frame of 33 MiB ends at most its own socket', async () => {
  const socket = await admin.openSocket();
  socket.sendRaw('x'.repeat(33 * 1024 * 1024));
  await eventually('an answer to the frame', () => socket.closed !== null || socket.of('error').length > 0, 30_000);
  if (socket.closed === null) expect(socket.of('error')[0]?.code).toBe('too_large');
  else expect(socket.closed.code).toBe(1009);
  const next = await admin.openSocket();
  const task = await next.run({ script: 'say.sh', args: ['still here'] });
  await next.next('exit', task);
});

test('with the host away: 503 with last_seen, its last runs, and all is well when it is back', async () => {
  const socket = await admin.openSocket();
  const pid = toru.agentPid();
  process.kill(pid, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  expect(await socket.next('host', undefined, (frame) => !frame.online)).toMatchObject({ last_seen: expect.stringMatching(ISO) });
  const away = await admin.http('GET', '/api/runs');
  if (away.status !== 200)
    expect([away.status, away.json()]).toMatchObject([503, { error: { code: 'host_offline', last_seen: expect.stringMatching(ISO) } }]);
  await socket.next('host', undefined, (frame) => frame.online);
  const task = await socket.run({ script: 'say.sh', args: ['again'] });
  await socket.next('exit', task);
  const [host] = (await admin.http('GET', '/api/hosts')).json().items;
  expect(host.recent_runs.length).toBeGreaterThan(0);
  expect(host.recent_runs[0]).not.toHaveProperty('script');
});
