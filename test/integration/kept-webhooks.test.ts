import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Candidate } from '../harness/candidate.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { runAt } from '../harness/member.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Requests to a member's hook that come while the member is away: kept at the edge, and its jobs once it is back. */

let toru: Toru;
let admin: Client;
let member: Candidate;
beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
  admin = await Client.of(toru);
  member = new Candidate(toru.url);
  await member.pair('garage', admin);
});
afterAll(async () => {
  await member?.[Symbol.asyncDispose]();
  await toru?.[Symbol.asyncDispose]();
});

const at = (path: string): string => `/api/hosts/${member.host}${path}`;
const shown = async () => (await admin.http('GET', '/api/hosts')).json().items.find(({ id }: { id: string }) => id === member.host);

async function linked(is: boolean): Promise<void> {
  await eventually('the link of the member', async () => (await shown()).online, { holds: (online) => online === is });
}

async function post(body: object, delivery: string): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`${toru.url}/h/${member.host}/hooks/deploy`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: 'Bearer of the test', 'idempotency-key': delivery },
  });
  return { status: answer.status, json: await answer.json() };
}

async function numbers(): Promise<unknown[]> {
  const { items } = (await admin.http('GET', at('/jobs?task=note'))).json();
  const jobs = await Promise.all(items.map(({ job_id }: { job_id: string }) => admin.http('GET', at(`/jobs/${job_id}`))));
  return jobs.map((answer) => answer.json().input.body.n).reverse();
}

test('are kept, and each becomes one job, in the order in which they came', async () => {
  member.start();
  await linked(true);
  const folder = join(member.home, 'flows');
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(
    join(folder, '.workflows/hooks.yaml'),
    `tasks:
  note: { flow: { one: { type: script, script: "true" } } }
triggers:
  deploy: { type: webhook, name: deploy, task: note, keep: true, secret: of the test }
`,
  );
  const added = await admin.http('POST', at('/workspaces'), { name: 'ws', type: 'folder', path: folder });
  expect([added.status, added.json().problems]).toEqual([201, []]);
  expect(await post({ n: 1 }, 'd1')).toMatchObject({ status: 202, json: { task: 'note' } });

  await member.stop();
  await linked(false);
  for (const n of [2, 3, 4]) expect(await post({ n }, `d${n}`)).toMatchObject({ status: 202, json: { kept: true } });
  // Its sender tries again; and somebody without the secret is kept as well, for the edge knows none.
  expect(await post({ n: 3 }, 'd3')).toMatchObject({ status: 202, json: { kept: true } });
  const stranger = await fetch(`${toru.url}/h/${member.host}/hooks/deploy`, { method: 'POST', body: '{"n":"bad"}' });
  expect(stranger.status).toBe(202);
  expect((await shown()).kept_webhooks).toMatchObject([{ name: 'deploy', count: 5 }]);
  expect((await runAt(toru.home, ['hosts'])).printed).toMatch(/garage .*away since .*, 5 requests to its hooks kept$/m);

  member.start();
  await linked(true);
  await eventually('nothing waits', async () => (await shown()).kept_webhooks, { holds: (kept) => kept.length === 0 });
  expect((await runAt(toru.home, ['hosts'])).printed).toMatch(/garage .*online$/m);
  expect(await numbers()).toEqual([1, 2, 3, 4]);
  const { items } = (await admin.http('GET', at('/audit?event=trigger'))).json();
  expect(items).toMatchObject([{ event: 'trigger.fire', outcome: 'refused', target: 'ws/deploy' }]);
});
