import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runGit } from '../git/run-git.ts';
import { until } from '../until.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** A server that takes a connection and never says a word: what git makes of it, and what a workspace does. */

let h: WorkflowsHarness;
let origin: string;
let server: Server;
let port = 0;
const sockets = new Set<Socket>();
beforeAll(async () => {
  h = await makeWorkflows();
  origin = mkdtempSync(join(tmpdir(), 'toru-git-'));
  mkdirSync(join(origin, '.workflows'));
  writeFileSync(join(origin, '.workflows/a.yaml'), 'tasks: { t: { flow: { s: { type: noop } } } }');
  const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  for (const args of [
    ['init', '--quiet'],
    ['add', '-A'],
    ['commit', '--quiet', '-m', 'one'],
  ])
    execFileSync('git', ['-C', origin, ...as, ...args]);
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  await h.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(origin, { recursive: true, force: true });
});

const hanging = (scheme: string): string => `${scheme}://127.0.0.1:${port}/x.git`;

test.each(['git', 'http', 'ssh'])('git is given up at its time, and leaves no process behind: %s', async (scheme) => {
  const env = { ...process.env, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null' };
  const answer = await runGit(['ls-remote', '--', hanging(scheme)], { timeoutMs: 1500, mostOutput: 1024, env });
  expect(answer).toMatchObject({ ok: false, problem: 'late' });
  // The program at the other end of the connection is gone, too.
  await until(() => sockets.size === 0);
});

test('a workspace whose server hangs says so when it is given up; one with another address does not wait for it', async () => {
  const made = await h.ask(h.admin, 'POST', '/api/workspaces', { name: 'site', type: 'git', url: hanging('git') });
  expect(made.json).toMatchObject({ checked_at: null, tasks: 0 });
  expect(sockets.size).toBeGreaterThan(0);
  // Its owner sees the mistake, and corrects it.
  const changed = await h.ask(h.admin, 'PATCH', '/api/workspaces/site', { url: origin });
  expect(changed.json).toMatchObject({ error: null, tasks: 1 });
  await until(() => sockets.size === 0);
});

test('a workspace that was removed while its server hung, and is added again, is the new one', async () => {
  await h.ask(h.admin, 'POST', '/api/workspaces', { name: 'other', type: 'git', url: hanging('git') });
  expect((await h.ask(h.admin, 'DELETE', '/api/workspaces/other')).status).toBeLessThan(300);
  const again = await h.ask(h.admin, 'POST', '/api/workspaces', { name: 'other', type: 'folder', path: origin });
  expect(again.json).toMatchObject({ error: null, tasks: 1, type: 'folder' });
  await until(() => sockets.size === 0);
});
