import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { action as actionSchema } from '../../shared/actions.ts';
import { type Run, run as runSchema } from '../../shared/runs.ts';
import { chain, type Schedule, schedule } from '../../shared/schedules.ts';
import { openDatabase } from '../tables.ts';
import { UNTIL_MS } from '../until.ts';
import type { Caller } from '../users/caller.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

let flow: WorkflowsHarness;

beforeEach(async () => {
  flow = await makeWorkflows();
  flow.script('say.sh', '#!/bin/sh\necho "said: $1 $INPUT_TOKEN"\n');
  flow.script('fail.sh', '#!/bin/sh\necho oh >&2\nexit 3\n');
  const inputs = [
    { type: 'text', name: 'word', label: 'Word', required: true },
    { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
  ];
  await good(flow.admin, 'POST', '/api/actions', { id: 'say', label: 'Say it', script: 'say.sh', inputs });
  await good(flow.admin, 'POST', '/api/actions', { id: 'fail', label: 'Fail', script: 'fail.sh' });
});

afterEach(async () => {
  await flow.close();
});

async function good(who: Caller, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await flow.ask(who, method, path, body);
  expect([method, path, answer.status, answer.text]).toEqual([
    method,
    path,
    expect.toSatisfy((status) => status < 300),
    expect.any(String),
  ]);
  return answer.json;
}

async function make(fields: object, who = flow.admin): Promise<Schedule> {
  return schedule.parse(await good(who, 'POST', '/api/schedules', { action: 'say', cron: '0 3 * * *', inputs: { word: 'hi' }, ...fields }));
}

async function schedules(): Promise<Schedule[]> {
  return z.object({ items: z.array(schedule) }).parse(await good(flow.admin, 'GET', '/api/schedules')).items;
}

async function runs(who = flow.admin): Promise<Run[]> {
  return z.object({ items: z.array(runSchema) }).parse(await good(who, 'GET', '/api/runs')).items;
}

/** When a run of the action has ended. */
async function ran(state: Run['state'] = 'exited'): Promise<Run> {
  await expect.poll(async () => (await runs())[0]?.state, { timeout: UNTIL_MS }).toBe(state);
  const [run] = await runs();
  if (run === undefined) throw new Error('no run');
  return run;
}

const triggerOf = ({ workspace, name }: Schedule, act: string): string => `/api/workspaces/${workspace}/triggers/${name}/${act}`;

it('starts an ordinary run of the action by itself, of whoever made the schedule, with a stored secret', async () => {
  flow.services.secrets.set(flow.admin, 'DOOR', null, 'open sesame');
  const made = await make({ cron: '* * * * * *', inputs: { word: '{{ secret.DOOR }}' }, secrets: { token: 'DOOR' } });
  const run = await ran();
  expect(run).toMatchObject({ action: 'say', label: 'Say it', source: 'schedule', user: 'admin', exit_code: 0 });
  // A text that looks like a template is a text; a secret is in no history.
  expect(run.inputs).toMatchObject({ word: '{{ secret.DOOR }}', token: expect.not.stringContaining('sesame') });
  expect(await good(flow.admin, 'POST', triggerOf(made, 'disable'))).toMatchObject({ enabled: false, next_fires: [] });
  expect(await schedules()).toMatchObject([{ name: 'say', enabled: false, last_job: { source: 'trigger' }, error: null }]);
});

it('shows when it is next on the action, and no more once it is removed', async () => {
  const made = await make({ timezone: 'Europe/Berlin' });
  expect(made).toMatchObject({ workspace: 'quick-actions', name: 'say', enabled: true, user: 'admin', problem: null });
  expect(made.next_fires).toHaveLength(3);
  const shown = async () => actionSchema.parse(await good(flow.admin, 'GET', '/api/actions/say')).next_run_at;
  expect(await shown()).toBe(made.next_fires[0]);
  expect(await good(flow.admin, 'GET', '/api/workspaces')).toMatchObject({ items: [{ name: 'quick-actions', type: 'own', tasks: 1 }] });
  await good(flow.admin, 'DELETE', '/api/schedules/say');
  expect(await shown()).toBeNull();
  expect(await good(flow.admin, 'GET', '/api/workspaces')).toEqual({ items: [], next_cursor: null });
});

it('starts two actions one after the other by itself, with the answers to both', async () => {
  flow.services.secrets.set(flow.admin, 'DOOR', null, 'open sesame');
  const { task } = chain.parse(await good(flow.admin, 'POST', '/api/chains', { first: 'say', second: 'say', when: 'always' }));
  const refused = async (fields: object) =>
    (await flow.ask(flow.admin, 'POST', '/api/schedules', { chain: task, cron: '0 3 * * *', inputs: {}, ...fields })).json;
  expect(await refused({ inputs: { first_word: 'one' } })).toMatchObject({ error: { code: 'input_required', input: 'second_word' } });
  expect(await refused({ inputs: { word: 'one' } })).toMatchObject({ error: { code: 'input_undeclared', input: 'word' } });
  expect(await refused({ chain: 'nothing' })).toMatchObject({ error: { code: 'not_found' } });
  expect(await refused({ action: 'say' })).toMatchObject({ error: { code: 'bad_request' } });
  const made = schedule.parse(
    await good(flow.admin, 'POST', '/api/schedules', {
      chain: task,
      cron: '0 3 * * *',
      timezone: 'UTC',
      inputs: { first_word: 'one {{ input.second_word }}', second_word: 'two' },
      secrets: { second_token: 'DOOR' },
    }),
  );
  expect(made).toMatchObject({ name: task, chain: task, label: 'Say it, then in any case Say it', enabled: true, problem: null });
  // It is of the chain: the action's own page has none of it, and its tile says that it is next.
  expect(await good(flow.admin, 'GET', '/api/schedules?action=say')).toMatchObject({ items: [] });
  expect(await good(flow.admin, 'GET', `/api/schedules?chain=${task}`)).toMatchObject({ items: [{ name: task }] });
  expect(await good(flow.admin, 'GET', `/api/workspaces/quick-actions/tasks/${task}`)).toMatchObject({ chain: true, triggers: 1 });
  const { error } = z
    .object({ error: z.object({ code: z.string(), message: z.string() }) })
    .parse((await flow.ask(flow.admin, 'DELETE', `/api/chains/${task}`)).json);
  expect(error).toMatchObject({ code: 'conflict', message: expect.stringContaining(`toru schedule remove ${task}`) });
  flow.db.prepare('UPDATE workflow_triggers SET next_due = ?').run(Date.now() - 1000);
  const { driver, triggers } = flow.services.workflows;
  await driver.transact((apply) => triggers.due(made.workspace, made.name, apply));
  await expect.poll(async () => (await runs()).map(({ state }) => state), { timeout: UNTIL_MS }).toEqual(['exited', 'exited']);
  expect((await runs()).map(({ inputs, source, user }) => [inputs?.['word'], source, user])).toEqual([
    ['two', 'schedule', 'admin'],
    ['one {{ input.second_word }}', 'schedule', 'admin'],
  ]);
  await good(flow.admin, 'DELETE', `/api/schedules/${task}`);
  await good(flow.admin, 'DELETE', `/api/chains/${task}`);
});

it('is of admins alone, and what would not begin is not saved', async () => {
  const client = await flow.caller('anna', 'client');
  expect((await flow.ask(client, 'GET', '/api/schedules')).status).toBe(403);
  const refused = async (fields: object) =>
    (await flow.ask(flow.admin, 'POST', '/api/schedules', { action: 'say', cron: '0 3 * * *', inputs: { word: 'hi' }, ...fields })).json;
  expect(await refused({ cron: '0 3 * *' })).toMatchObject({ error: { code: 'bad_request', field: 'cron' } });
  expect(await refused({ timezone: 'Mars/Base' })).toMatchObject({ error: { code: 'bad_request', field: 'timezone' } });
  expect(await refused({ inputs: {} })).toMatchObject({ error: { code: 'input_required', input: 'word' } });
  expect(await refused({ secrets: { token: 'NONE' } })).toMatchObject({ error: { code: 'input_invalid', input: 'token' } });
  expect(await refused({ secrets: { word: 'NONE' } })).toMatchObject({ error: { code: 'input_invalid', input: 'word' } });
  expect(await refused({ inputs: { word: 'hi', token: 'typed' } })).toMatchObject({ error: { code: 'input_invalid', input: 'token' } });
  expect(await refused({ action: 'nothing' })).toMatchObject({ error: { code: 'unknown_action' } });
  expect(await schedules()).toEqual([]);
});

it('says when its time would be, and what is wrong with an expression', async () => {
  expect(await good(flow.admin, 'GET', '/api/schedules/next?cron=0+3+*+*+*&timezone=Europe/Berlin')).toMatchObject({
    items: [expect.any(String), expect.any(String), expect.any(String)],
    problem: null,
  });
  expect(await good(flow.admin, 'GET', '/api/schedules/next?cron=0+3+31+2+*&timezone=UTC')).toMatchObject({
    items: [],
    problem: expect.stringContaining('never comes'),
  });
});

it('fires once for the night that the host was away', async () => {
  await make({});
  const due = Date.now() - 5 * 3_600_000;
  await flow.close(true);
  const { home, folder } = flow;
  const before = openDatabase(join(home, 'toru.db'));
  before.prepare('UPDATE workflow_triggers SET next_due = ?').run(due);
  before.prepare(`UPDATE timers SET due = ? WHERE name LIKE 'trigger/%'`).run(due);
  before.close();
  flow = await makeWorkflows({ home, folder });
  expect(await ran()).toMatchObject({ source: 'schedule', exit_code: 0 });
  expect(await runs()).toHaveLength(1);
});

it.each([
  [
    'a user who was disabled',
    async (bob: Caller) => void (await flow.users.update(bob.user_id, { disabled: true }, flow.admin)),
    /disabled/,
  ],
  ['an action that was removed', async () => flow.actions.remove(flow.admin, 'say'), /is gone/],
] as const)('does not start for %s, and says so: on the schedule, in the audit, and to admins', async (_what, change, reason) => {
  const bob = await flow.caller('bob', 'admin');
  const made = await make({ cron: '0 0 1 1 *' }, bob);
  await change(bob);
  expect((await schedules())[0]?.problem).toMatch(reason);
  flow.db.prepare('UPDATE workflow_triggers SET next_due = ?').run(Date.now() - 1000);
  const { driver, triggers } = flow.services.workflows;
  await driver.transact((apply) => triggers.due(made.workspace, made.name, apply));
  expect(await schedules()).toMatchObject([{ error: expect.stringMatching(reason), failed_at: expect.any(String) }]);
  expect(await good(flow.admin, 'GET', '/api/audit?event=trigger.fire')).toMatchObject({
    items: [{ outcome: 'refused', target: 'quick-actions/say', detail: { reason: expect.stringMatching(reason) } }],
  });
  expect(await runs()).toEqual([]);
});

it('makes a task of two actions, which asks what they ask; the second follows by how the first ended', async () => {
  const chainOf = async (first: string, second: string, when: string) =>
    chain.parse(await good(flow.admin, 'POST', '/api/chains', { first, second, when }));
  const job = async (task: string, input: object) => {
    const begun = await good(flow.admin, 'POST', `/api/workspaces/quick-actions/tasks/${task}/execute`, { input });
    return flow.ended(z.object({ job_id: z.string() }).parse(begun).job_id);
  };
  const states = ({ state, steps }: Awaited<ReturnType<typeof job>>) => [state, ...steps.map((step) => step.state)];
  const success = await chainOf('fail', 'say', 'success');
  expect(success.title).toBe('Fail, then Say it');
  expect(await good(flow.admin, 'GET', `/api/workspaces/quick-actions/tasks/${success.task}`)).toMatchObject({
    input: { word: { type: 'string', required: true }, token: { secret: true } },
  });
  expect(states(await job(success.task, { word: 'hi' }))).toEqual(['failed', 'failed', 'skipped']);
  const failure = await chainOf('fail', 'say', 'failure');
  expect(states(await job(failure.task, { word: 'hi' }))).toEqual(['failed', 'failed', 'completed']);
  expect(await ran()).toMatchObject({ action: 'say', source: 'workflow', inputs: { word: 'hi' } });
  const twice = await chainOf('say', 'say', 'failure');
  expect(states(await job(twice.task, { first_word: 'one', second_word: 'two' }))).toEqual(['completed', 'completed', 'skipped']);
  const always = await chainOf('say', 'fail', 'always');
  expect(states(await job(always.task, { word: 'hi' }))).toEqual(['completed', 'completed', 'failed']);
  // The same one again is that one.
  expect((await chainOf('say', 'fail', 'always')).task).toBe(always.task);
  await good(flow.admin, 'DELETE', `/api/chains/${always.task}`);
  expect((await flow.ask(flow.admin, 'GET', `/api/workspaces/quick-actions/tasks/${always.task}`)).status).toBe(404);
});
