import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** A webhook on its whole way: another service, the edge, the host, a job. */

const PASSWORD = 'correct horse battery';
let toru: Toru;
let admin: Client;
beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
  admin = await Client.of(toru, 'admin', PASSWORD);
  const folder = join(toru.home, 'flows');
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(
    join(folder, '.workflows/hooks.yaml'),
    `actions:
  say:
    type: script
    script: |
      printf 'OUTPUT: {"ref":"%s"}\\n' "$REF"
    env: { REF: "{{ input.ref }}" }
    input: { ref: { type: string } }
tasks:
  say:
    flow:
      say: { action: say, input: { ref: "{{ input.body.ref | default(value='none') }}" } }
triggers:
  now: { type: webhook, name: now, task: say, mode: sync, secret: "whsec_of_the_test" }
  later: { type: webhook, name: later, task: say }
`,
  );
  const added = await admin.http('POST', '/api/workspaces', { name: 'ws', type: 'folder', path: folder });
  expect([added.status, added.json().problems, added.json().error]).toEqual([201, [], null]);
});
afterAll(async () => {
  admin?.close();
  await toru?.[Symbol.asyncDispose]();
});

/** As another service does it: no cookie, no Origin. */
async function post(
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; json: unknown }> {
  const answer = await fetch(`${toru.url}/hooks/${name}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: answer.status, headers: answer.headers, json: await answer.json() };
}

test('a hook starts a job without a session, and in sync gives its result', async () => {
  const answer = await post('now', '{"ref":"main"}', { authorization: 'Bearer whsec_of_the_test' });
  expect(answer).toMatchObject({
    status: 200,
    json: { trigger: 'now', task: 'say', status: 'completed', output: { say: { ref: 'main' } } },
  });
  const later = await post('later', '{"ref":"next"}');
  expect(later).toMatchObject({ status: 202, json: { task: 'say' } });
  const id: string = Object(later.json).job_id;
  await eventually('the job has ended', async () => (await admin.http('GET', `/api/jobs/${id}`)).json().state, {
    holds: (state) => state === 'completed',
  });
});

test('a stranger is told no more than that', async () => {
  expect(await post('now', '{}')).toMatchObject({ status: 401, json: { error: { code: 'invalid_credentials' } } });
  expect(await post('nowhere', '{}')).toMatchObject({ status: 404 });
  expect(await post('a%20b', '{}')).toMatchObject({ status: 404 });
  expect((await fetch(`${toru.url}/hooks/later`)).status).toBe(405);
  expect((await fetch(`${toru.url}/hooks/later`, { method: 'DELETE' })).status).toBe(405);
  expect(await post('later/', '{}')).toMatchObject({ status: 404 });
  expect(await post(`later?a=${'q'.repeat(9000)}`, '{}')).toMatchObject({ status: 413 });
  const { items } = (await admin.http('GET', '/api/audit?event=trigger')).json();
  expect(items).toMatchObject([{ event: 'trigger.fire', outcome: 'refused', target: 'ws/now' }]);
});

test('a HEAD, by which programs look whether an address is there, starts nothing', async () => {
  const before = (await admin.http('GET', '/api/jobs?limit=1')).json();
  expect((await fetch(`${toru.url}/hooks/later`, { method: 'HEAD' })).status).toBe(405);
  expect((await admin.http('GET', '/api/jobs?limit=1')).json()).toEqual(before);
});

test('a flood is paced at the edge, with the time to come again', async () => {
  const refused = await eventually(
    'one is refused',
    async () => (await Promise.all([1, 2, 3, 4].map(() => post('nowhere', '{}')))).at(-1),
    {
      holds: (answer) => answer?.status === 429,
    },
  );
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  // Another hook is no slower for it.
  expect((await post('now', '{"ref":"x"}', { authorization: 'Bearer whsec_of_the_test' })).status).toBe(200);
});

// The last one: the edge answers before it has read all of it, and ends the connection.
test('a body that is too large is not read', async () => {
  expect(await post('later', new Uint8Array(600 * 1024))).toMatchObject({ status: 413 });
});
