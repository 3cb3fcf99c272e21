import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Received, TestReceiver, TestSubscription } from '../notify/receiver-harness.ts';
import { UNTIL_MS } from '../until.ts';
import type { Caller } from '../users/caller.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Who is told of jobs, of triggers that start nothing, and of what jobs ask: by the notifications that ended runs have. */

let receiver: TestReceiver;
let flow: WorkflowsHarness;
let admin: Caller;
let phone: TestSubscription;

const FLOWS = `
tasks:
  good: { name: Good one, flow: { one: { type: script, script: echo a-secret-word }, two: { type: script, script: "true" } } }
  bad: { name: Bad one, flow: { one: { type: script, script: "echo a-secret-word; exit 3" } } }
  ask: { name: Ask me, flow: { sure: { type: approval, message: a-secret-word } } }
triggers:
  good: { type: scheduler, task: good, cron: "0 0 1 1 *" }
  bad: { type: scheduler, task: bad, cron: "0 0 1 1 *" }
  late: { type: scheduler, task: good, cron: "0 0 1 1 *", catch_up: none }
`;

beforeEach(async () => {
  receiver = await TestReceiver.listen();
  flow = await makeWorkflows({ testPushOrigin: receiver.origin, linked: () => true });
  flow.services.grants.setInstallation(randomUUID());
  flow.write('t.yaml', FLOWS);
  await flow.load();
  const sid = randomBytes(32).toString('hex');
  flow.services.grants.mint({ user: { id: flow.admin.user_id }, sid, auth_time: Date.now() });
  admin = { ...flow.admin, sid };
  phone = new TestSubscription(receiver.origin);
  expect((await flow.ask(admin, 'POST', '/api/notify/devices', phone.registration)).status).toBe(201);
});

afterEach(async () => {
  receiver.close();
  await flow.close();
});

async function told(count: number): Promise<unknown[]> {
  await expect.poll(() => receiver.received.length, { timeout: UNTIL_MS }).toBe(count);
  return receiver.received.map((message) => (message.path.startsWith('/push/') ? shown(message) : JSON.parse(message.body.toString())));
}

function shown(message: Received): unknown {
  const { title, body, navigate } = phone.read(message).notification;
  return { title, body, navigate };
}

/** As a trigger does at its time. */
async function due(name: string, at = Date.now() - 1000): Promise<void> {
  const { driver, triggers } = flow.services.workflows;
  flow.db.prepare('UPDATE workflow_triggers SET next_due = ? WHERE name = ?').run(at, name);
  await driver.transact((apply) => triggers.due('ws', name, apply));
}

it('tells who started a job of its end, once, and of none of its steps; with a link to the job, and nothing that it printed', async () => {
  const id = await flow.execute('good', {}, admin);
  await flow.ended(id);
  expect(await told(1)).toEqual([{ title: 'Good one', body: 'Succeeded', navigate: `https://toru.test/jobs/${id}` }]);
  const kept = flow.db.prepare<[], string>('SELECT about FROM notify_messages').pluck().all().join();
  expect(kept).not.toContain('a-secret-word');
});

it('tells admins of a job that failed by itself, and of one that succeeded only where they want that', async () => {
  await due('good');
  await due('bad');
  expect(await told(1)).toMatchObject([{ title: 'Bad one', body: 'Failed' }]);
  const [device] = Object((await flow.ask(admin, 'GET', '/api/notify')).json).items;
  expect((await flow.ask(admin, 'PATCH', `/api/notify/devices/${device.id}`, { jobs: 'always' })).status).toBe(200);
  await due('good', Date.now() - 2000);
  expect(await told(2)).toMatchObject([{}, { title: 'Good one', body: 'Succeeded' }]);
  const anna = await flow.caller('anna', 'client');
  expect((await flow.ask(anna, 'PATCH', `/api/notify/devices/${device.id}`, { jobs: 'always' })).status).toBeGreaterThanOrEqual(400);
});

it('tells admins of a time at which a trigger started nothing, with the reason, and by a webhook of the host, too', async () => {
  const url = `${receiver.origin}/hook`;
  expect((await flow.ask(admin, 'PUT', '/api/notify/host/webhook', { url, when: 'failure' })).status).toBe(200);
  await due('late', Date.now() - 2 * 3_600_000);
  const all = await told(2);
  expect(all).toContainEqual({
    title: 'Good one',
    body: expect.stringMatching(/^Did not start: The host was away/),
    navigate: 'https://toru.test/workflows/ws/good',
  });
  expect(all).toContainEqual(
    expect.objectContaining({ type: 'trigger.failed', data: expect.objectContaining({ workspace: 'ws', trigger: 'late' }) }),
  );
  // The same again within the hour is told to nobody.
  await due('late', Date.now() - 2 * 3_600_000);
  await due('bad');
  expect(await told(4)).toHaveLength(4);
  const { json } = await flow.ask(admin, 'GET', '/api/audit?event=trigger.fire');
  expect(Object(json).items[0]).toMatchObject({
    outcome: 'refused',
    target: 'ws/late',
    detail: { reason: expect.stringContaining('away') },
  });
});

it('tells admins that a job waits for an answer, with a link to it', async () => {
  const id = await flow.execute('ask', {}, admin);
  await flow.until(id, ({ state }) => state === 'suspended');
  expect(await told(1)).toEqual([{ title: 'Ask me', body: 'Waits for an answer', navigate: `https://toru.test/jobs/${id}?step=sure` }]);
  await flow.ask(admin, 'POST', `/api/jobs/${id}/cancel`);
  await flow.ended(id);
});
