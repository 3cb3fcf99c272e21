import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { MAX_UPLOAD_BYTES, UPLOAD_WAITS_MS, USER_UPLOAD_BYTES, USER_UPLOADS } from '../../shared/limits.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { fileNameOf } from './file-name.ts';
import { Uploads } from './uploads.ts';

const log = { warn: vi.fn() };
let api: ApiHarness;
let ada: Caller;
let bob: Caller;

beforeAll(async () => {
  api = await makeApi();
  api.script('read.sh', '#!/bin/sh\ncat "$1"\nbasename "$1"\nprintf %s "$1" > path.txt\n');
  api.script('wait.sh', '#!/bin/sh\nwhile [ -e "$1" ]; do sleep 0.05; done\n');
  ada = await api.caller('ada', 'client');
  bob = await api.caller('bob', 'client');
  const file = { type: 'file', name: 'report', label: 'Report', max_bytes: 1000, accept: ['.csv', '.tar.gz'] };
  const make = (id: string, more: object) =>
    api.ask(api.admin, 'POST', '/api/actions', { id, label: id, script: 'read.sh', allow: 'everyone', inputs: [file], ...more });
  expect((await make('read', {})).status).toBe(201);
  expect((await make('other', {})).status).toBe(201);
  expect((await make('wait', { script: 'wait.sh' })).status).toBe(201);
  expect((await make('one', { max_concurrent: 1, when_full: 'refuse', script: 'wait.sh' })).status).toBe(201);
});
afterAll(() => api.close());

interface Sent {
  status: number;
  json: { id: string; name: string; size: number; error: { code: string; input?: string } };
}
async function send(caller: Caller, body: BodyInit | null, { action = 'read', input = 'report', name = 'a.csv' } = {}): Promise<Sent> {
  const query = new URLSearchParams({ action, input, name });
  const request = new Request(`http://host/api/uploads?${query}`, { method: 'POST', body, headers: { 'content-length': '1' } });
  const answer = await api.app.fetch(request, { caller });
  return { status: answer.status, json: Object(await answer.json()) };
}
const stored = (): string[] => readdirSync(join(api.home, 'uploads'));
const press = (caller: Caller, action: string, report: string) => api.ask(caller, 'POST', '/api/runs', { action, inputs: { report } });

it('reaches the script as a path under its own name, shows no more than that name, and goes with the run', async () => {
  const { status, json } = await send(ada, 'x,y\n', { name: 'C:\\temp\\März 1.csv' });
  expect([status, json]).toEqual([201, { id: expect.any(String), name: 'März 1.csv', size: 4 }]);
  const run = await api.finished(ada, { action: 'read', inputs: { report: json.id } });
  expect(run).toMatchObject({ exit_code: 0, inputs: { report: 'März 1.csv' } });
  expect((await api.ask(ada, 'GET', `/api/runs/${run.task_id}/output`)).text).toBe('x,y\nMärz 1.csv\n');
  const path = readFileSync(join(api.scriptsDir, 'path.txt'), 'utf8');
  expect(path).toBe(join(api.home, 'uploads', json.id, 'März 1.csv'));
  await expect.poll(stored).toEqual([]);
});

it('is refused past its size or with another ending, and leaves nothing', async () => {
  expect((await send(ada, 'x'.repeat(1001))).json.error).toMatchObject({ code: 'input_too_large', input: 'report' });
  for (const name of ['a.txt', 'csv', 'a.csv.exe', '.csv'])
    expect((await send(ada, 'x', { name })).json.error, name).toMatchObject({ code: 'input_invalid', input: 'report' });
  expect((await send(ada, 'x', { name: 'A.TAR.GZ' })).status).toBe(201);
  expect((await send(ada, 'x', { input: 'none' })).json.error.code).toBe('input_undeclared');
  expect((await send(ada, 'x', { action: 'gone' })).status).toBe(404);
  expect(stored()).toHaveLength(1);
  await api.ask(ada, 'DELETE', `/api/uploads/${stored()[0]}`);
  expect(stored()).toEqual([]);
});

it('is for one press of one person, one action and one input', async () => {
  const { json } = await send(ada, 'x');
  expect((await press(bob, 'read', json.id)).json).toMatchObject({ error: { code: 'input_invalid', input: 'report' } });
  expect((await api.ask(bob, 'DELETE', `/api/uploads/${json.id}`)).status).toBe(204);
  expect(stored()).toEqual([json.id]);
  const run = await api.finished(ada, { action: 'read', inputs: { report: json.id } });
  expect(run.exit_code).toBe(0);
  expect((await press(ada, 'read', json.id)).status).toBe(400);
});

it('is for one press also when several name it in the same moment', async () => {
  const { json } = await send(ada, 'x', { action: 'wait' });
  const pressed = await Promise.all([1, 2, 3, 4].map(() => press(ada, 'wait', json.id)));
  expect(pressed.map(({ status }) => status).sort()).toEqual([202, 400, 400, 400]);
  const { task_id } = Object(pressed.find(({ status }) => status === 202)?.json);
  await api.ask(ada, 'POST', `/api/runs/${task_id}/cancel`);
  await expect.poll(stored).toEqual([]);
});

it('takes so many bytes of one person and no more', async () => {
  const { json } = await send(ada, 'x');
  const grow = (size: number) => api.db.prepare('UPDATE uploads_files SET size = ? WHERE id = ?').run(size, json.id);
  grow(USER_UPLOAD_BYTES - 4);
  expect((await send(ada, '12345')).json.error).toMatchObject({ code: 'busy' });
  expect((await send(bob, '12345')).status).toBe(201);
  expect((await send(ada, '1234')).status).toBe(201);
  for (const id of stored()) for (const who of [ada, bob]) await api.ask(who, 'DELETE', `/api/uploads/${id}`);
  expect(stored()).toEqual([]);
});

it('goes with a press that was refused or cancelled', async () => {
  const wrong = await send(ada, 'x');
  expect((await press(ada, 'other', wrong.json.id)).status).toBe(400);
  expect(stored()).toEqual([]);

  const waits = await send(ada, 'x', { action: 'one' });
  const started = await press(ada, 'one', waits.json.id);
  expect(started.status).toBe(202);
  const full = await send(ada, 'x', { action: 'one' });
  expect((await press(ada, 'one', full.json.id)).json).toMatchObject({ error: { code: 'run_refused' } });
  expect(stored()).toEqual([waits.json.id]);
  await api.ask(ada, 'POST', `/api/runs/${Object(started.json).task_id}/cancel`);
  await expect.poll(stored).toEqual([]);
});

it('a repeated request has the files of the first', async () => {
  const { json } = await send(ada, 'x');
  const body = { action: 'read', inputs: { report: json.id }, request_id: crypto.randomUUID() };
  const [first, second] = await Promise.all([api.ask(ada, 'POST', '/api/runs', body), api.ask(ada, 'POST', '/api/runs', body)]);
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(Object(second.json).task_id).toBe(Object(first.json).task_id);
  await expect.poll(stored).toEqual([]);
});

it('takes so many of one person and no more, and none for long', async () => {
  const sent = await Promise.all(Array.from({ length: USER_UPLOADS + 2 }, () => send(ada, 'x')));
  expect(sent.filter(({ status }) => status === 201)).toHaveLength(USER_UPLOADS);
  expect((await send(bob, 'x')).status).toBe(201);
  let now = Date.now();
  const later = new Uploads({ db: api.db, home: api.home, actions: api.actions, log, now: () => now });
  later.recover(() => false);
  expect(stored()).toHaveLength(USER_UPLOADS + 1);
  now += UPLOAD_WAITS_MS + 1000;
  later.recover(() => false);
  later.close();
  expect(stored()).toEqual([]);
});

it('that can’t be removed on a full disk stays for the next look, and the agent goes on', async () => {
  const { json } = await send(ada, 'x');
  const later = new Uploads({ db: api.db, home: api.home, actions: api.actions, log, now: () => Date.now() + UPLOAD_WAITS_MS + 1000 });
  api.db.exec("CREATE TEMP TRIGGER full BEFORE DELETE ON uploads_files BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  later.recover(() => false);
  expect(log.warn).toHaveBeenCalledWith(
    { err: expect.objectContaining({ message: 'disk is full' }) },
    'files that no press named could not be removed',
  );
  api.db.exec('DROP TRIGGER full');
  later.recover(() => false);
  later.close();
  expect(stored()).not.toContain(json.id);
});

it('that was not whole when the agent ended goes at the next start; what a run has stays', async () => {
  const half = join(api.home, 'uploads', crypto.randomUUID());
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'a.csv'), 'x');
  const { json } = await send(ada, 'x', { action: 'wait' });
  const started = Object((await press(ada, 'wait', json.id)).json);
  const next = new Uploads({ db: api.db, home: api.home, actions: api.actions, log });
  next.recover((taskId) => taskId === started.task_id);
  next.close();
  expect(existsSync(half)).toBe(false);
  expect(stored()).toEqual([json.id]);
  await api.ask(ada, 'POST', `/api/runs/${started.task_id}/cancel`);
  await expect.poll(stored).toEqual([]);
});

it.each([
  ['../../etc/passwd', 'passwd'],
  ['..', 'file'],
  ['/', 'file'],
  ['.bashrc', 'bashrc'],
  ['a\0\n\u202eb.txt', 'ab.txt'],
  [`${'ü'.repeat(200)}.tar.gz`, expect.stringMatching(/^ü{96}\.tar\.gz$/)],
])('stores %j as %j', (given, name) => {
  expect(fileNameOf(given)).toEqual(name);
});

it('is declared as a path: never as the standard input, never larger than the edge takes', async () => {
  const make = (input: object) =>
    api.ask(api.admin, 'POST', '/api/actions', {
      label: 'x',
      script: 'read.sh',
      inputs: [{ type: 'file', name: 'f', label: 'F', ...input }],
    });
  expect((await make({ pass: { by: 'stdin' } })).json).toMatchObject({ error: { code: 'action_invalid', field: 'inputs.0.pass' } });
  expect((await make({ max_bytes: MAX_UPLOAD_BYTES + 1 })).status).toBe(400);
  expect((await make({ accept: ['csv'] })).status).toBe(400);
});
