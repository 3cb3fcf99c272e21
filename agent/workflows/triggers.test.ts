import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { type JobSummary, jobSummary, type Trigger, trigger as triggerSchema } from '../../shared/workflows.ts';
import { openDatabase } from '../tables.ts';
import { UNTIL_MS, until } from '../until.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

let flow: WorkflowsHarness;

beforeEach(async () => {
  flow = await makeWorkflows();
});

afterEach(async () => {
  await flow.close();
});

const definitions = (fields: string, task = 'flow: { one: { type: script, script: "true" } }'): string => `
tasks:
  work: { input: { by: { type: string, default: nobody } }, ${task} }
triggers:
  clock: { type: scheduler, task: work, input: { by: clock }, ${fields} }
`;

async function triggers(): Promise<Trigger[]> {
  const { json } = await flow.ask(flow.admin, 'GET', '/api/workspaces/ws/triggers');
  return z.object({ items: z.array(triggerSchema) }).parse(json).items;
}

async function jobs(): Promise<JobSummary[]> {
  const { json } = await flow.ask(flow.admin, 'GET', '/api/jobs?source=trigger');
  return z.object({ items: z.array(jobSummary) }).parse(json).items;
}

/** As if its next time had been so long ago, and the agent away since. */
async function away(hours: number): Promise<void> {
  const due = Date.now() - hours * 3_600_000;
  await flow.close(true);
  const { home, folder } = flow;
  const before = openDatabase(join(home, 'toru.db'));
  before.prepare('UPDATE workflow_triggers SET next_due = ?').run(due);
  before.prepare(`UPDATE timers SET due = ? WHERE name LIKE 'trigger/%'`).run(due);
  before.close();
  flow = await makeWorkflows({ home, folder });
}

it('starts its task by itself, each time once, and shows when it will do so next', async () => {
  flow.write('t.yaml', definitions('cron: "* * * * * *"'));
  await flow.load();
  const [first] = await triggers();
  expect(first).toMatchObject({ name: 'clock', task: 'work', enabled: true, error: null });
  expect((await flow.ask(flow.admin, 'GET', '/api/workspaces/ws/tasks/work')).json).toMatchObject({ next_fire_at: expect.any(String) });
  await expect.poll(async () => (await jobs()).length, { timeout: UNTIL_MS }).toBeGreaterThanOrEqual(2);
  const job = await flow.ended((await jobs())[0]?.job_id ?? '');
  expect(job).toMatchObject({ source: 'trigger', source_id: 'clock', user: 'trigger', input: { by: 'clock' }, state: 'completed' });
  expect((await flow.ask(flow.admin, 'POST', '/api/workspaces/ws/triggers/clock/disable')).json).toMatchObject({
    enabled: false,
    next_fire_at: null,
  });
});

it.each([
  ['one', 1],
  ['all', 3],
  ['none', 0],
] as const)('fires what was missed while the agent was away by catch_up: %s', async (catch_up, expected) => {
  const minute = new Date(Date.now() - 30 * 60_000).getUTCMinutes();
  flow.write('t.yaml', definitions(`cron: "${minute} * * * *", catch_up: ${catch_up}`));
  await flow.load();
  await away(2.5);
  await until(() => Date.parse(next()) > Date.now(), next);
  expect(await jobs()).toHaveLength(expected);
});

/** The next time of the only trigger. */
function next(): string {
  return flow.services.workflows.triggers.list('ws').items[0]?.next_fire_at ?? '';
}

it('skips a time while the job before it runs, and says so', async () => {
  flow.write('t.yaml', definitions('cron: "* * * * * *", concurrency: skip', 'flow: { one: { type: script, script: sleep 600 } }'));
  await flow.load();
  await until(
    () => flow.services.workflows.triggers.list('ws').items[0]?.error,
    () => flow.services.workflows.triggers.list('ws').items,
  );
  expect(await jobs()).toHaveLength(1);
  const { json } = await flow.ask(flow.admin, 'GET', '/api/audit?event=trigger');
  expect(json).toMatchObject({ items: [{ event: 'trigger.fire', outcome: 'refused', target: 'ws/clock' }] });
  for (const { job_id } of await jobs()) await flow.ask(flow.admin, 'POST', `/api/jobs/${job_id}/cancel`);
  await flow.ask(flow.admin, 'POST', '/api/workspaces/ws/triggers/clock/disable');
  for (const { job_id } of await jobs()) await flow.ended(job_id);
});

it.each([
  ['cancel_previous', 'cancelled'],
  ['allow', 'running'],
] as const)('where the job before it runs still, with concurrency %s that one is %s', async (concurrency, state) => {
  const endless = 'flow: { one: { type: script, script: sleep 600 } }';
  flow.write('t.yaml', definitions(`cron: "* * * * * *", concurrency: ${concurrency}`, endless));
  await flow.load();
  await expect.poll(async () => (await jobs()).length, { timeout: UNTIL_MS }).toBeGreaterThan(2);
  await flow.ask(flow.admin, 'POST', '/api/workspaces/ws/triggers/clock/disable');
  const [newest, ...before] = await jobs();
  expect(before.length).toBeGreaterThan(1);
  // A job that was told to stop looks as if it ran, until its process has.
  const stops = flow.db.prepare<[], number>(`SELECT count(*) FROM job_events WHERE event LIKE '%"type":"cancel"%'`).pluck();
  if (concurrency === 'allow') expect(stops.get()).toBe(0);
  await expect
    .poll(async () => (await jobs()).map((job) => job.state), { timeout: UNTIL_MS })
    .toEqual(['running', ...before.map(() => state)]);
  await flow.ask(flow.admin, 'POST', `/api/jobs/${newest?.job_id}/cancel`);
  for (const { job_id } of before) if (state === 'running') await flow.ask(flow.admin, 'POST', `/api/jobs/${job_id}/cancel`);
  for (const { job_id } of await jobs()) await flow.ended(job_id);
});

it('is put off by its jitter: by as much as its time says, and within it', async () => {
  flow.write('t.yaml', definitions('cron: "0 0 1 1 *", jitter: 1h'));
  await flow.load();
  const due = flow.db.prepare<[], number>(`SELECT due FROM timers WHERE name = 'trigger/ws/clock'`).pluck().get() ?? 0;
  const time = Date.parse(next());
  expect(new Date(time).toISOString()).toMatch(/-01-01T00:00:00.000Z$/);
  expect(due - time).toBeGreaterThan(0);
  expect(due - time).toBeLessThan(3_600_000);
});

it('is fired by hand, by admins alone', async () => {
  flow.write('t.yaml', definitions('cron: "0 0 1 1 *"'));
  await flow.load();
  const client = await flow.caller('anna', 'client');
  expect((await flow.ask(client, 'POST', '/api/workspaces/ws/triggers/clock/fire')).status).toBe(403);
  const fired = await flow.ask(flow.admin, 'POST', '/api/workspaces/ws/triggers/clock/fire');
  expect(fired.status).toBe(202);
  const { job_id } = z.object({ job_id: z.string() }).parse(fired.json);
  expect(await flow.ended(job_id)).toMatchObject({ state: 'completed', source: 'trigger' });
  expect(await triggers()).toMatchObject([{ last_job_id: job_id, error: null }]);
});
