import { chmodSync, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { isRunning, workerdOf } from './processes.ts';
import { expectWhole, finish } from './runs.ts';
import { Viewer } from './viewer.ts';

/** What stands still under `npm start`, and is no more than stopped to the kernel: noticed, killed, started again. */

/** 30 s of silence, and what a busy machine may need for a start. */
const NOTICED_MS = 75_000;

let toru: Toru;

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
  const scripts = join(import.meta.dirname, 'scripts');
  for (const name of readdirSync(scripts)) {
    copyFileSync(join(scripts, name), join(toru.home, 'scripts', name));
    chmodSync(join(toru.home, 'scripts', name), 0o755);
  }
});
afterAll(() => toru?.[Symbol.asyncDispose]());

const workerdPid = (): number => workerdOf(toru.pid);

test('a stopped agent and a stopped edge are started again, with the reason in the audit; the runs and their viewers go on', async () => {
  const client = await Client.of(toru);
  const viewer = new Viewer(client);
  const gate = join(toru.home, 'gate-hung');
  const started = await client.http('POST', '/api/runs', { script: 'talk.sh', args: [gate, '3', '0.2'] });
  const talk = { taskId: String(started.json().task_id), gate, code: 3 };
  const watched = viewer.watch(talk.taskId);
  await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > 0 });

  const before = { agent: toru.agentPid(), workerd: workerdPid() };
  expect(before.workerd).toBeGreaterThan(0);
  for (const pid of [before.agent, before.workerd]) process.kill(pid, 'SIGSTOP');
  await eventually('both are killed', () => !isRunning(before.agent) && !isRunning(before.workerd), NOTICED_MS);
  const { cursor } = watched;
  await eventually('output goes on', () => watched.cursor, { holds: (seen) => seen > cursor, limitMs: NOTICED_MS });
  expect(toru.agentPid()).not.toBe(before.agent);
  expect(workerdPid()).not.toBe(before.workerd);

  const { items } = (await client.http('GET', '/api/audit?event=agent')).json();
  expect(items).toMatchObject([
    { event: 'agent.restart', user: null, detail: { reason: `the one before, pid ${before.agent}, did not answer for 30 s` } },
  ]);
  for (const part of ['the agent', 'the edge']) expect(toru.output()).toContain(`${part} did not answer for 30 s, and is started again.`);
  finish(talk);
  await viewer.allEnded(60_000);
  await expectWhole(client, watched, talk);
  viewer.close();
  client.close();
}, 240_000);
