import { expect, test } from 'vitest';
import { REAUTH_MS } from '../../shared/limits.ts';
import { FRAMES } from '../api/frame-permissions.ts';
import { ROUTES } from '../systems.ts';
import { programIn } from './caller.ts';
import { callerOf, refusal } from './fixture.ts';
import type { Permission } from './permissions.ts';
import { adminLately, admin as adminOnly, authorize } from './permissions.ts';

const admin = callerOf({ id: 'a', username: 'root', role: 'admin' }, Date.now());
const ALL = new Map<string, Permission>([...ROUTES, ...Object.entries(FRAMES)]);
const OF_TERMINALS = ['POST /api/terminal/notify', 'POST /api/terminal/status', 'POST /api/terminal/exec'];
const client = callerOf({ id: 'c', username: 'ada', role: 'client' }, Date.now());

test('a client gets exactly this and nothing else', async () => {
  const open: string[] = [];
  for (const [key, permission] of ALL) if ((await refusal(() => authorize(client, permission))) === null) open.push(key);
  expect(open).toEqual([
    'GET /api/actions',
    'GET /api/actions/:id',
    'DELETE /api/actions/:id/remembered',
    'PUT /api/actions/:id/favourite',
    'POST /api/uploads',
    'DELETE /api/uploads/:id',
    'POST /api/actions/:id/options',
    'POST /api/runs',
    'GET /api/runs',
    'GET /api/runs/export',
    'GET /api/runs/trend',
    'GET /api/runs/:id',
    'PATCH /api/runs/:id',
    'GET /api/runs/:id/output',
    'GET /api/runs/:id/search',
    'GET /api/runs/:id/terminal',
    'POST /api/runs/:id/cancel',
    'POST /api/runs/:id/input',
    'POST /api/runs/:id/resize',
    'GET /api/runs/:id/lines',
    'GET /api/runs/:id/times',
    'GET /api/runs/:id/artifacts',
    'GET /api/runs/:id/artifacts/:name',
    'GET /api/notify',
    'POST /api/notify/devices',
    'PATCH /api/notify/devices/:id',
    'DELETE /api/notify/devices/:id',
    'POST /api/notify/devices/:id/test',
    'PUT /api/notify/devices/:id/actions/:action',
    'PUT /api/notify/devices/:id/runs/:task',
    'GET /api/search',
    'PATCH /api/users/:id',
    'POST /api/login-links/devices',
    'GET /api/login-links/devices/:id',
    'PUT /api/login-links/devices/:id',
    'GET /api/membership',
    'GET /api/plugins',
    'GET /api/plugins/:id',
    'GET /api/plugins/:id/bundle.js',
    'GET /api/plugins/:id/*',
    'POST /api/plugins/:id/*',
    'PUT /api/plugins/:id/*',
    'PATCH /api/plugins/:id/*',
    'DELETE /api/plugins/:id/*',
    'GET /api/plugin-kv/:id',
    'GET /api/plugin-kv/:id/entry',
    'PUT /api/plugin-kv/:id/entry',
    'DELETE /api/plugin-kv/:id/entry',
    // What they are allowed to execute, and their own jobs.
    'GET /api/workspaces',
    'GET /api/workspaces/:ws/tasks',
    'GET /api/workspaces/:ws/tasks/:name',
    'POST /api/workspaces/:ws/tasks/:name/execute',
    'GET /api/jobs',
    'GET /api/jobs/:id',
    'GET /api/jobs/:id/logs',
    'POST /api/jobs/:id/cancel',
    'POST /api/jobs/:id/rerun',
    // Those that are shared with them.
    'GET /api/terminals',
    'GET /api/terminals/:id',
    'POST /api/terminals/:id/input',
    'POST /api/terminals/:id/resize',
    'GET /api/terminals/:id/scrollback',
    'GET /api/terminals/:id/output',
    'PUT /api/terminals/:id/files',
    'GET /api/terminals/:id/files',
    'GET /api/terminals/:id/search',
    'run.action',
    'cancel',
    'attach',
    'detach',
    'ack',
    'input',
    'resize',
    'subscribe',
    'unsubscribe',
    'ping',
    'terminal.attach',
    'terminal.detach',
    'terminal.ack',
    'terminal.input',
    'terminal.resize',
  ]);
});

test('an admin may do all of it, but what only programs inside terminals do', async () => {
  const refused: string[] = [];
  for (const [key, permission] of ALL) if ((await refusal(() => authorize(admin, permission))) !== null) refused.push(key);
  expect(refused).toEqual(OF_TERMINALS);
});

test('a program inside a terminal may do exactly this, whatever stands beside another route', async () => {
  const open: string[] = [];
  const program = programIn(crypto.randomUUID(), 'build');
  for (const [key, permission] of ALL) if ((await refusal(() => authorize(program, permission))) === null) open.push(key);
  expect(open).toEqual(OF_TERMINALS);
});

test('what is in no line is refused to everybody', async () => {
  for (const key of ['PUT /api/plugins', 'POST /api/scripts', 'get /api/scripts', 'toString', '__proto__', '', 'run']) {
    expect(ALL.has(key)).toBe(false);
    expect(await refusal(() => authorize(admin, ALL.get(key) ?? null))).toBe('forbidden');
  }
});

test('users, and what decides which code runs, need a password typed within 15 minutes', async () => {
  const now = Date.now();
  const at = (auth_time: number) => ({ ...admin, auth_time });
  for (const key of [adminLately, ROUTES.get('POST /api/users') ?? null, ROUTES.get('DELETE /api/users/:id') ?? null]) {
    expect(await refusal(() => authorize(at(now - REAUTH_MS - 1), key, now))).toBe('reauth_required');
    // A time to come proves nothing.
    expect(await refusal(() => authorize(at(now + 3_600_000), key, now))).toBe('reauth_required');
    authorize(at(now - REAUTH_MS + 1), key, now);
    authorize({ ...at(0), via: 'local' }, key, now);
  }
  authorize(at(0), adminOnly, now);
});
