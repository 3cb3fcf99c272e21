import { fork, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dial } from '../../agent/link/dial.ts';
import { loadIdentity } from '../../agent/link/identity.ts';
import type { System } from '../../shared/system.ts';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** A copied TORU_HOME, or a stolen key: a second agent that proves itself to the same edge as well as the first. */

let toru: Toru;
beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
});
afterAll(() => toru?.[Symbol.asyncDispose]());

/** `GET /api/system` at the local socket of that home; null while nobody answers. */
function systemAt(home: string): Promise<System | null> {
  return new Promise((resolve) => {
    request({ socketPath: join(home, 'api.sock'), path: '/api/system' }, (answer) => {
      json(answer).then(
        (body) => resolve(Object(body)),
        () => resolve(null),
      );
    })
      .on('error', () => resolve(null))
      .end();
  });
}

test('the second agent is refused and says so; the first goes on, and its owner is told everywhere', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'toru-copy-'));
  cpSync(toru.home, copy, { recursive: true, filter: (from) => !/\.(?:sock|pid)$/.test(from) });
  const thief = fork(join(root, 'dist/agent/main.js'), [], {
    env: { ...bareEnvironment(), TORU_HOME: copy, TORU_EDGE_URL: `unix:${join(toru.home, 'web.sock')}`, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  onTestFinished(async () => {
    const gone = new Promise((resolve) => thief.once('exit', resolve));
    thief.kill('SIGKILL');
    await gone;
    rmSync(copy, { recursive: true, force: true });
  });

  await eventually(
    'the second one says why it is not linked',
    async () => (await systemAt(copy))?.edge?.problem?.includes('another agent'),
    { holds: (seen) => seen === true },
  );
  expect((await systemAt(copy))?.edge).toMatchObject({ linked: false, problem: expect.stringContaining('toru key rotate') });
  expect((await systemAt(toru.home))?.edge).toMatchObject({
    linked: true,
    key: expect.any(String),
    duplicate: { name: expect.any(String) },
  });

  const admin = await Client.of(toru);
  const hosts = (await admin.http('GET', '/api/hosts')).json();
  expect(hosts.items[0]).toMatchObject({ online: true, duplicate: { at: expect.any(String), address: expect.any(String) } });
  const audit = (await admin.http('GET', '/api/audit?event=link')).json();
  expect(audit.items[0]).toMatchObject({ event: 'link.duplicate', outcome: 'refused', detail: { reason: expect.stringContaining('key') } });

  await admin.http('POST', '/api/users', { username: 'kim', password: 'a password of kim', role: 'client' });
  const client = await Client.of(toru, 'kim', 'a password of kim');
  expect((await client.http('GET', '/api/hosts')).json().items[0].duplicate).toBeNull();
});

test('a new key signs everyone out, ends what the old one may, and the embedded edge learns of it by itself', async () => {
  const admin = await Client.of(toru);
  const { instance_id } = (await admin.http('GET', '/api/settings')).json();
  expect((await admin.http('POST', '/api/key/rotate')).status).toBe(403);
  const old = loadIdentity(toru.home);
  const printed = spawnSync(process.execPath, [join(root, 'dist/agent/cli.js'), 'key', 'rotate'], {
    env: { ...process.env, TORU_HOME: toru.home },
    encoding: 'utf8',
  });
  expect([printed.status, printed.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}:[\w-]{43}\n$/)]);
  const fresh = loadIdentity(toru.home);
  expect(fresh.kid).not.toBe(old.kid);

  await eventually(
    'the host links with its new key',
    async () => (await admin.http('GET', '/api/health').catch(() => null))?.json().host_online === true,
  );
  expect((await admin.http('GET', '/api/runs')).status).toBe(401);
  const again = await Client.of(toru);
  expect((await again.http('GET', '/api/audit?event=key')).json().items[0]).toMatchObject({ event: 'key.rotate', outcome: 'ok' });

  // The thief, with the old one.
  const edge = { url: 'http://localhost', origin: 'http://localhost', socket: join(toru.home, 'web.sock') };
  const pin = { key: null, learn: () => undefined };
  const self = { id: instance_id, name: 'thief', version: '0' };
  const dialled = dial(
    edge,
    { identity: old, self, process: 'a'.repeat(32), pin, clock: 0, signal: new AbortController().signal },
    () => 'in',
  );
  await expect(dialled).rejects.toThrow('4403');
});
