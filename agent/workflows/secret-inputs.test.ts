import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isEnded } from '../../shared/flow/job.ts';
import { MASK } from '../../shared/input-passing.ts';
import type { Job } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Secrets and connections in inputs of jobs, hooks, triggers and approvals: scripts get them as values, and nothing keeps or shows them in clear. */

const STORED = 'stored-K3y-of-the-host';
const TYPED = 'typed-P4ss-by-a-person';
const LITERAL = 'literal-W0rd-in-a-file';

let h: WorkflowsHarness;
beforeAll(async () => {
  h = await makeWorkflows();
  h.services.secrets.set(h.admin, 'STORED', null, STORED);
  h.write('a.yaml', FILE);
  await h.load();
}, 120_000);
afterAll(() => h.close());

const FILE = `
connection_types:
  db: { host: { type: string, required: true }, port: { type: integer, default: 5432 }, password: { type: string, secret: true } }
connections:
  main: { type: db, host: db.example.com, password: ${LITERAL} }
  stored: { type: db, host: h2, port: 1, password: "{{ secrets.STORED }}" }
actions:
  say:
    type: script
    script: |
      echo "got $GOT"
      printf '{"length":%s}' "\${#GOT}" > "$TORU_OUTPUT"
    env: { GOT: "{{ input.word }}" }
    input: { word: { type: string } }
  writes:
    type: script
    script: |
      printf '{"as":"token=%s","b64":"%s","list":[{"%s":1}],"n":2}' "$GOT" "$(printf '%s' "$GOT" | base64)" "$GOT" > "$TORU_OUTPUT"
    env: { GOT: "{{ input.word }}" }
  sub: { type: task, task: sub }
  to-db: { type: task, task: to-db }
  ask: { type: approval, message: "Use {{ input.key }} of {{ secret.STORED }}?", input: { key: { type: string } } }
  bad: { type: approval, message: "{{ state.missing }}" }
tasks:
  sub:
    input: { word: { type: string }, plain: { type: string, default: by default } }
    flow:
      one: { action: say, input: { word: "{{ input.word }}" } }
      two: { type: script, script: 'printf "{\\"plain\\":\\"%s\\"}" "$P" > "$TORU_OUTPUT"', env: { P: "{{ input.plain }}" } }
  to-db:
    input: { db: { type: db } }
    flow:
      one: { action: say, input: { word: "{{ input.db.host }}:{{ input.db.port }}:{{ input.db.password }}" } }
  child: { flow: { s: { action: sub, input: { word: "Bearer {{ secrets.STORED }}" } } } }
  typed: { input: { key: { type: string, secret: true } }, flow: { s: { action: sub, input: { word: "{{ input.key }}" } } } }
  shouted: { input: { key: { type: string, secret: true } }, flow: { s: { action: sub, input: { word: "{{ input.key | upper }}" } } } }
  connected: { input: { db: { type: db } }, flow: { s: { action: to-db, input: { db: "{{ input.db }}" } } } }
  written: { flow: { s: { action: writes, input: { word: "{{ secret.STORED }}" } }, t: { action: say, depends_on: [s], input: { word: "{{ s.output.as }}" } } } }
  direct: { flow: { s: { action: say, input: { word: "{{ connection.main.password }}:{{ connection.main.port }}" } } } }
  asked: { input: { key: { type: string, secret: true } }, flow: { s: { action: ask, input: { key: "{{ input.key }}" } } } }
  unasked: { flow: { s: { action: bad } } }
  again:
    input: { key: { type: string, secret: true } }
    retry: { max_attempts: 2, delay: 0 }
    flow: { s: { type: script, script: 'echo "got $GOT"; exit 1', env: { GOT: "{{ input.key }}" } } }
  hooked:
    input: { key: { type: string, secret: true } }
    flow: { s: { type: noop } }
    on_success: [{ action: say, input: { word: "{{ secret.STORED }}/{{ input.key }}/{{ hook.status }}" } }]
triggers:
  t: { type: scheduler, cron: "0 0 1 1 *", task: sub, input: { word: "{{ secret.STORED }}" } }
`;

/** The child of a job, ended; or a hook's. */
async function madeBy(id: string): Promise<Job> {
  const list = await h.ask(h.admin, 'GET', '/api/jobs?limit=50');
  const found = Object(list.json).items.find((job: { source_id: string }) => job.source_id === id);
  return h.ended(found.job_id);
}

const lengthOf = (job: Job): unknown => Object(job.steps[0]?.output).length;

/** No row, file or answer of a whole home holds it. */
function nowhere(secret: string): string[] {
  h.db.pragma('wal_checkpoint(TRUNCATE)');
  const found: string[] = [];
  const look = (folder: string): void => {
    for (const entry of readdirSync(folder)) {
      const path = join(folder, entry);
      const stat = statSync(path);
      if (stat.isDirectory()) look(path);
      else if (stat.isFile() && readFileSync(path).includes(secret)) found.push(path);
    }
  };
  look(h.home);
  return found;
}

test('a secret in the input of a task that is a step: its script has the value, and the job shows asterisks', async () => {
  const parent = await h.ended(await h.execute('child'));
  const child = await madeBy(parent.job_id);
  expect([parent.state, child.state, child.input]).toEqual(['completed', 'completed', { word: MASK, plain: 'by default' }]);
  expect([lengthOf(child), child.steps[1]?.output]).toEqual([`Bearer ${STORED}`.length, { plain: 'by default' }]);
  const log = await h.ask(h.admin, 'GET', `/api/jobs/${child.job_id}/logs`);
  expect(log.text).toContain('got ***');
  expect(log.text).not.toContain(STORED);
});

test('a secret input that is passed on, as it is and changed', async () => {
  for (const [task, printed] of [
    ['typed', TYPED],
    ['shouted', TYPED.toUpperCase()],
  ] as const) {
    const child = await madeBy((await h.ended(await h.execute(task, { key: TYPED }))).job_id);
    expect([child.input['word'], lengthOf(child)]).toEqual([MASK, printed.length]);
    expect((await h.ask(h.admin, 'GET', `/api/jobs/${child.job_id}/logs`)).text).not.toContain(printed);
  }
});

test('a connection goes by its name, and is opened where it is used, with what its type says', async () => {
  const child = await madeBy((await h.ended(await h.execute('connected', { db: 'main' }))).job_id);
  expect([child.input, lengthOf(child)]).toEqual([{ db: 'main' }, `db.example.com:5432:${LITERAL}`.length]);
  const other = await madeBy((await h.ended(await h.execute('connected', { db: 'stored' }))).job_id);
  expect(lengthOf(other)).toBe(`h2:1:${STORED}`.length);
  const direct = await h.ended(await h.execute('direct'));
  expect([direct.state, lengthOf(direct)]).toEqual(['completed', `${LITERAL}:5432`.length]);
  for (const { job_id } of [child, other, direct])
    expect((await h.ask(h.admin, 'GET', `/api/jobs/${job_id}/logs`)).text).not.toMatch(new RegExp(`${LITERAL}|${STORED}`));
});

test('a question names no secret, and one that can’t be asked fails its step', async () => {
  const id = await h.execute('asked', { key: TYPED });
  const asked = await h.until(id, ({ state }) => state === 'suspended');
  expect(asked.steps[0]?.message).toBe(`Use ${MASK} of ${MASK}?`);
  await h.ask(h.admin, 'POST', `/api/jobs/${id}/steps/s/approve`, { approved: true });
  expect((await h.ended(id)).state).toBe('completed');
  const unasked = await h.ended(await h.execute('unasked'));
  expect([unasked.state, unasked.steps[0]?.error]).toEqual(['failed', 'state.missing is not defined.']);
});

test('the job of a hook, of a trigger, and of a task’s own retry', async () => {
  const hook = await madeBy((await h.ended(await h.execute('hooked', { key: TYPED }))).job_id);
  expect([hook.state, hook.input, lengthOf(hook)]).toEqual(['completed', { word: MASK }, `${STORED}/${TYPED}/completed`.length]);
  const fired = await h.ask(h.admin, 'POST', '/api/workspaces/ws/triggers/t/fire');
  const job = await h.ended(Object(fired.json).job_id);
  expect([job.state, job.input['word'], lengthOf(job)]).toEqual(['completed', MASK, STORED.length]);
  const first = await h.ended(await h.execute('again', { key: TYPED }));
  await expect
    .poll(async () => {
      const list = await h.ask(h.admin, 'GET', '/api/jobs?task=again');
      const items: Job[] = Object(list.json).items;
      const ended = items.filter(({ state }) => isEnded(state));
      return Promise.all(ended.map(async ({ job_id }) => (await h.job(job_id)).steps[0]?.error));
    })
    .toEqual([first.steps[0]?.error, 'It ended with exit code 1.']);
});

test('what a script writes of a secret into $TORU_OUTPUT is asterisks in its output', async () => {
  const job = await h.ended(await h.execute('written'));
  const stars = '*'.repeat(STORED.length);
  expect([job.state, job.steps[0]?.output]).toEqual([
    'completed',
    { as: `token=${stars}`, b64: '*'.repeat(Buffer.from(STORED).toString('base64').length), list: [{ [stars]: 1 }], n: 2 },
  ]);
});

test('none of them lies anywhere in clear', async () => {
  // The files of a step go when its end has been told.
  for (const secret of [STORED, TYPED, TYPED.toUpperCase()]) await expect.poll(() => nowhere(secret)).toEqual([]);
});
