import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { terminal as terminalShape } from '../../shared/terminals.ts';
import { VERSION } from '../../shared/version.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi({ linked: () => true });
});
afterAll(() => api.close());

const health = async () => (await api.ask(api.admin, 'GET', '/api/health')).json;

test('says how the host and what it needs are', async () => {
  expect(await health()).toEqual({
    status: 'healthy',
    version: VERSION,
    uptime_seconds: expect.any(Number),
    components: {
      database: { status: 'healthy', detail: null },
      edge: { status: 'healthy', detail: expect.any(String) },
      pty_host: { status: 'absent', detail: null },
      git: { status: expect.stringMatching(/healthy|absent/), detail: expect.toBeOneOf([expect.any(String), null]) },
      tmux: { status: expect.stringMatching(/healthy|absent/), detail: expect.toBeOneOf([expect.any(String), null]) },
    },
    metrics: {
      active_runs: 0,
      queued_runs: 0,
      active_terminals: 0,
      terminal_viewers: 0,
      pending_requests: 0,
      memory_bytes: expect.any(Number),
      disk_free_bytes: expect.any(Number),
    },
  });
  expect((await api.ask(await api.caller('cleo', 'client'), 'GET', '/api/health')).status).toBe(403);
});

test('while what keeps terminals does not answer, the host is degraded and says so; and well again after', async () => {
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { command: ['sleep', '600'] });
  const { id } = terminalShape.parse(made.json);
  const name = api.services.terminals.store.get(id)?.host ?? '';
  const { pid } = z.object({ pid: z.int() }).parse(JSON.parse(readFileSync(join(api.home, 'pty', `${name}.json`), 'utf8')));
  // Another connection takes over from that of the agent; then it hangs, and answers nobody.
  const other = connect(join(api.home, 'pty', name));
  await once(other, 'data');
  process.kill(pid, 'SIGSTOP');
  try {
    await expect.poll(health, { timeout: 60_000 }).toMatchObject({
      status: 'degraded',
      components: { pty_host: { status: 'degraded', detail: '1 of 1 terminals can’t be reached at the moment' } },
      metrics: { active_terminals: 1 },
    });
  } finally {
    process.kill(pid, 'SIGCONT');
    other.destroy();
  }
  await expect.poll(health, { timeout: 60_000 }).toMatchObject({ status: 'healthy', components: { pty_host: { status: 'healthy' } } });
  await api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);
}, 120_000);

test('it knows of a pty host while there are terminals', async () => {
  const made = await api.ask(api.admin, 'POST', '/api/terminals', { command: ['sleep', '600'] });
  const { id } = terminalShape.parse(made.json);
  expect(await health()).toMatchObject({
    status: 'healthy',
    components: { pty_host: { status: 'healthy' } },
    metrics: { active_terminals: 1 },
  });
  await api.ask(api.admin, 'DELETE', `/api/terminals/${id}`);
  expect(await health()).toMatchObject({ components: { pty_host: { status: 'absent' } }, metrics: { active_terminals: 0 } });
});
