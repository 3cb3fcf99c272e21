import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { isFinal } from '../../shared/run-state.ts';
import { type JobSummary, jobSummary } from '../../shared/workflows.ts';
import type { Answer } from '../systems-harness.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

let flow: WorkflowsHarness;

beforeEach(async () => {
  flow = await makeWorkflows();
});

afterEach(async () => {
  await flow.close();
});

const WIDE = ['a', 'b', 'c'].map((name) => `${name}: { type: script, script: 'true' }`).join(', ');
const TWO_STEPS = `
actions:
  greet:
    type: script
    script: |
      echo "hello $NAME"
      echo 'OUTPUT: {"words": 2}'
    env:
      NAME: "{{ input.name }}"
    input:
      name: { type: string, required: true }
tasks:
  hello:
    input:
      name: { type: string, default: World }
    flow:
      say-hello:
        action: greet
        input: { name: "{{ input.name }}" }
      count:
        depends_on: [say-hello]
        type: script
        script: |
          printf '{"twice": %s}' "$((WORDS * 2))" > "$TORU_OUTPUT"
        env:
          WORDS: "{{ say_hello.output.words }}"
`;

describe('a job', () => {
  it('runs its steps as runs, one after the other, and completes', async () => {
    flow.write('hello.yaml', TWO_STEPS);
    await flow.load();
    const job = await flow.ended(await flow.execute('hello', { name: 'Ada' }));
    expect(job).toMatchObject({ state: 'completed', workspace: 'ws', task: 'hello', source: 'api', user: 'admin', input: { name: 'Ada' } });
    expect(job.steps.map(({ name, state, output }) => ({ name, state, output }))).toEqual([
      { name: 'say-hello', state: 'completed', output: { words: 2 } },
      { name: 'count', state: 'completed', output: { twice: 4 } },
    ]);
    const [first, second] = job.steps.map(({ task_id }) => flow.runs.get(flow.admin, task_id ?? ''));
    expect(first).toMatchObject({ label: 'hello › say-hello', source: 'workflow', state: 'exited', exit_code: 0, user: 'admin' });
    expect(Date.parse(second?.created_at ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.ended_at ?? ''));
    const output = await flow.ask(flow.admin, 'GET', `/api/runs/${first?.task_id}/output`);
    expect(output.text).toBe('hello Ada\nOUTPUT: {"words": 2}\n');
  });

  it('gives what its action declares as output, and fails where a script gives something else', async () => {
    flow.write(
      'output.yaml',
      `
actions:
  give:
    type: script
    script: printf '%s' "$GIVEN" > "$TORU_OUTPUT"
    env: { GIVEN: "{{ input.given }}" }
    input: { given: { type: string } }
    output:
      n: { type: integer, required: true }
      size: { type: string, default: small, options: [small, large] }
tasks:
  main: { input: { given: { type: string } }, flow: { one: { action: give, input: { given: "{{ input.given }}" } } } }
`,
    );
    await flow.load();
    for (const [given, output, error] of [
      ['{"n": 1, "more": true}', { n: 1, more: true, size: 'small' }, null],
      ['{"n": 1, "size": "large"}', { n: 1, size: 'large' }, null],
      ['', null, 'Its output lacks “n”, which its action declares as required.'],
      ['{"n": "1"}', null, '“n” of its output is not a whole number, as its action declares.'],
      ['{"n": 1, "size": "huge"}', null, '“size” of its output is none of “small”, “large”.'],
      ['[1]', null, 'Its output is no object'],
    ] as const) {
      const [step] = (await flow.ended(await flow.execute('main', { given }))).steps;
      expect([given, step?.state, step?.error?.startsWith(error ?? '') ?? null], step?.error ?? '').toEqual([
        given,
        error === null ? 'completed' : 'failed',
        error === null ? null : true,
      ]);
      if (error === null) expect(step?.output).toEqual(output);
    }
  });

  it('has its next step’s run on the disk with the end of the one before, also where others wait', async () => {
    flow.write('hello.yaml', TWO_STEPS.replace('tasks:', `tasks:\n  wide: { flow: { ${WIDE} } }`));
    await flow.load();
    const begun: number[] = [];
    const stop = flow.runs.onChange(({ state }) => {
      if (isFinal(state)) begun.push(flow.runs.list(flow.admin, { limit: 50 }).items.length);
    });
    expect((await flow.ended(await flow.execute('hello'))).state).toBe('completed');
    expect(begun).toEqual([2, 2]);
    await flow.ask(flow.admin, 'PUT', '/api/settings', { max_steps: 1 });
    expect((await flow.ended(await flow.execute('wide'))).state).toBe('completed');
    // One at a time, and always the next one.
    expect(begun.slice(2)).toEqual([4, 5, 5]);
    stop();
  });
});

const VARIOUS = `
actions:
  flaky:
    type: script
    script: |
      echo "try" >> "$MARKS/flaky"
      test "$(wc -l < "$MARKS/flaky")" -ge 2
    env: { MARKS: "{{ input.marks }}" }
    retry: { max_attempts: 3, delay: 0s }
    input: { marks: { type: string } }
  fail:
    type: script
    script: exit 3
  nap:
    type: script
    script: sleep 600
  note:
    type: script
    script: test "$FROM" = hooked
    env: { FROM: "{{ input.from }}" }
    input: { from: { type: string } }
  ask:
    type: approval
    message: "Deploy {{ input.what }}?"
    input: { what: { type: string }, note: { type: string, required: true } }
tasks:
  retries:
    input: { marks: { type: string } }
    flow:
      flaky: { action: flaky, input: { marks: "{{ input.marks }}" } }
  fails:
    flow:
      first: { action: fail }
      second: { type: script, script: "true", depends_on: [first] }
  long:
    flow:
      nap: { action: nap }
  slow:
    flow:
      nap: { action: nap, timeout: 1s }
  asks:
    flow:
      ask: { action: ask, input: { what: "v1" } }
      after: { type: script, script: "true", depends_on: [ask] }
  parent:
    flow:
      child: { type: task, task: child, input: { n: 20 } }
      shows: { type: script, script: "test $N = 21", env: { N: "{{ child.output.add.n }}" }, depends_on: [child] }
  child:
    input: { n: { type: integer } }
    flow:
      add:
        type: script
        script: printf '{"n":%s}' "$((N + 1))" > "$TORU_OUTPUT"
        env: { N: "{{ input.n }}" }
  hooked:
    on_success: [{ action: note, input: { from: "{{ hook.task_name }}" } }]
    flow:
      one: { type: script, script: "true" }
`;

describe('steps', () => {
  beforeEach(async () => {
    flow.write('various.yaml', VARIOUS);
    await flow.load();
  });

  it('tries again what failed, as its policy says, each time as a run of its own', async () => {
    const job = await flow.ended(await flow.execute('retries', { marks: flow.home }));
    expect(job).toMatchObject({ state: 'completed', steps: [{ state: 'completed', attempt: 2 }] });
    expect(readFileSync(join(flow.home, 'flaky'), 'utf8')).toBe('try\ntry\n');
  });

  it('fails with the step that failed, and skips what depends on it; a re-run from there goes on', async () => {
    const id = await flow.execute('fails');
    const job = await flow.ended(id);
    expect(job).toMatchObject({ state: 'failed', error: 'first: It ended with exit code 3.' });
    expect(job.steps.map(({ state }) => state)).toEqual(['failed', 'skipped']);
    expect((await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/rerun`, {})).status).toBe(202);
    const again = await flow.ended(id);
    expect(again.steps.map(({ state, attempt }) => ({ state, attempt }))).toEqual([
      { state: 'failed', attempt: 2 },
      { state: 'skipped', attempt: 0 },
    ]);
  });

  it('cancels its runs with the job', async () => {
    const id = await flow.execute('long');
    const { steps } = await flow.until(id, (job) => job.steps.some(({ state }) => state === 'running'));
    expect((await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/cancel`)).status).toBe(202);
    expect(await flow.ended(id)).toMatchObject({ state: 'cancelled', error: 'admin cancelled it.', steps: [{ state: 'cancelled' }] });
    expect(flow.runs.get(flow.admin, steps[0]?.task_id ?? '')).toMatchObject({ state: 'cancelled' });
    expect((await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/cancel`)).status).toBe(202);
  });

  it('stops a step at its timeout', async () => {
    const job = await flow.ended(await flow.execute('slow'));
    expect(job).toMatchObject({ state: 'failed', error: 'nap: Timed out after 1 s.' });
  });

  it('waits for an answer, and goes on with it', async () => {
    const id = await flow.execute('asks');
    expect(await flow.until(id, ({ state }) => state === 'suspended')).toMatchObject({
      steps: [{ state: 'suspended', message: 'Deploy v1?', asks: { note: { type: 'string', required: true } } }, { asks: {} }],
    });
    expect(Object.keys((await flow.job(id)).steps[0]?.asks ?? {})).toEqual(['note']);
    const answer = await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/steps/ask/approve`, { approved: true, input: { note: 'go' } });
    expect(answer.status).toBe(200);
    expect(await flow.ended(id)).toMatchObject({
      state: 'completed',
      steps: [{ approved_by: 'admin', output: { approved: true, input: { note: 'go' } } }, { state: 'completed' }],
    });
    const second = await flow.execute('asks');
    await flow.until(second, ({ state }) => state === 'suspended');
    await flow.ask(flow.admin, 'POST', `/api/jobs/${second}/steps/ask/approve`, { approved: false, rejection_reason: 'not today' });
    expect(await flow.ended(second)).toMatchObject({ state: 'failed', error: 'ask: Rejected by admin: not today' });
    expect((await flow.ask(flow.admin, 'POST', `/api/jobs/${second}/steps/ask/approve`, { approved: true })).status).toBe(409);
  });

  it('executes a task as a step, and gives its output on', async () => {
    const job = await flow.ended(await flow.execute('parent'));
    expect(job).toMatchObject({ state: 'completed', steps: [{ output: { add: { n: 21 } } }, { state: 'completed' }] });
    const child = await flow.job(job.steps[0]?.child_job_id ?? '');
    expect(child).toMatchObject({ state: 'completed', source: 'task', source_id: job.job_id, input: { n: 20 } });
  });

  it('fires its hooks as jobs of their own', async () => {
    const id = await flow.execute('hooked');
    await flow.ended(id);
    const list = jobsOf(await flow.ask(flow.admin, 'GET', '/api/jobs?source=hook'));
    expect(list).toMatchObject([{ task: 'hooked:on_success', source_id: id }]);
    expect(await flow.ended(list[0]?.job_id ?? '')).toMatchObject({ state: 'completed' });
  });
});

describe('what is kept', () => {
  it('forgets jobs that are older than runs are kept, and tells how long steps take', async () => {
    flow.write('hello.yaml', TWO_STEPS);
    await flow.load();
    const old = await flow.execute('hello');
    await flow.ended(old);
    expect((await flow.ask(flow.admin, 'GET', '/api/workspaces/ws/tasks/hello')).json).toMatchObject({
      flow: [{ name: 'say-hello', p50_ms: expect.any(Number), p95_ms: expect.any(Number) }, {}],
    });
    const long = Date.now() - 100 * 24 * 3_600_000;
    flow.db.prepare('UPDATE jobs SET created_at = ?, ended_at = ?').run(long, long);
    const next = await flow.execute('hello');
    await flow.ended(next);
    expect((await flow.ask(flow.admin, 'GET', `/api/jobs/${old}`)).status).toBe(404);
    expect(await flow.job(next)).toMatchObject({ state: 'completed' });
  });
});

describe('a task that runs once at a time', () => {
  it('lets its next job wait for the end of the one before, and cancels one that waits', async () => {
    flow.write('one.yaml', 'tasks: { solo: { concurrency: 1, flow: { nap: { type: script, script: sleep 600 } } } }\n');
    await flow.load();
    const [first, second, third] = [await flow.execute('solo'), await flow.execute('solo'), await flow.execute('solo')];
    await flow.until(first, (job) => job.steps.some(({ state }) => state === 'running'));
    expect(await flow.job(second)).toMatchObject({ state: 'pending', steps: [] });
    await flow.ask(flow.admin, 'POST', `/api/jobs/${second}/cancel`);
    expect(await flow.ended(second)).toMatchObject({ state: 'cancelled', steps: [{ state: 'cancelled', task_id: null }] });
    expect(await flow.job(third)).toMatchObject({ state: 'pending', steps: [] });
    await flow.ask(flow.admin, 'POST', `/api/jobs/${first}/cancel`);
    await flow.until(third, (job) => job.steps.some(({ state }) => state === 'running'));
    await flow.ask(flow.admin, 'POST', `/api/jobs/${third}/cancel`);
    expect(await flow.ended(third)).toMatchObject({ state: 'cancelled' });
  });
});

describe('pace', () => {
  it('runs a chain of forty steps without a process in one turn', async () => {
    const steps = Array.from({ length: 40 }, (_, i) => `n${i}: { type: noop${i === 0 ? '' : `, depends_on: [n${i - 1}]`} }`);
    flow.write('chain.yaml', `tasks: { chain: { flow: { ${steps.join(', ')} } } }\n`);
    await flow.load();
    const job = await flow.ended(await flow.execute('chain'));
    expect(job).toMatchObject({ state: 'completed', started_at: expect.any(String) });
    expect(job.steps.every(({ state }) => state === 'completed')).toBe(true);
  });
});

describe('secrets', () => {
  it('that are not there are named, with how they are stored', async () => {
    flow.write(
      'missing.yaml',
      `tasks:
  missing: { flow: { one: { type: script, script: 'true', env: { KEY: "{{ secret.NOT_STORED }}" } } } }
`,
    );
    await flow.load();
    const job = await flow.ended(await flow.execute('missing'));
    expect(job.steps[0]?.error).toBe('env.KEY: secret.NOT_STORED is not defined. Store it: toru secret set NOT_STORED');
  });

  it('reach the script alone: masked in its output, sealed with the job, and in no row', async () => {
    flow.services.secrets.set(flow.admin, 'TOKEN', null, 'stored-secret-1');
    flow.write(
      'secret.yaml',
      `
tasks:
  uses:
    input: { password: { type: string, secret: true } }
    flow:
      one:
        type: script
        script: |
          test "\${#TOKEN} \${#PASSWORD} \${#1}" = "15 14 15" || exit 9
          echo "$TOKEN $PASSWORD"
        args: ["{{ secret.TOKEN }}"]
        env: { TOKEN: "{{ secret.TOKEN }}", PASSWORD: "{{ input.password }}" }
`,
    );
    await flow.load();
    const job = await flow.ended(await flow.execute('uses', { password: 'typed-secret-2' }));
    expect(job).toMatchObject({ state: 'completed', input: { password: '••••••' } });
    const [step] = job.steps;
    expect((await flow.ask(flow.admin, 'GET', `/api/runs/${step?.task_id}/output`)).text).toBe(`${'*'.repeat(15)} ${'*'.repeat(14)}\n`);
    expect((await flow.ask(flow.admin, 'GET', `/api/runs/${step?.task_id}`)).text).not.toContain('stored-secret');
    flow.db.pragma('wal_checkpoint(TRUNCATE)');
    for (const secret of ['stored-secret-1', 'typed-secret-2'])
      expect(readFileSync(join(flow.home, 'toru.db')).includes(secret)).toBe(false);
  });

  it('of a file may read what the settings let scripts have of the agent’s environment, and nothing else of it', async () => {
    vi.stubEnv('FLOW_ALLOWED', 'word-of-the-agent');
    vi.stubEnv('FLOW_OTHER', 'not-for-scripts');
    try {
      await flow.ask(flow.admin, 'PUT', '/api/settings', { env_allow: ['FLOW_ALLOWED'] });
      flow.write(
        'env.yaml',
        `
secrets: { WORD: "{{ env.FLOW_ALLOWED }}", OTHER: "{{ env.FLOW_OTHER | default(value='nothing') }}" }
tasks:
  uses:
    flow:
      one: { type: script, script: 'test "$WORD $OTHER" = "word-of-the-agent nothing" && echo "$WORD"', env: { WORD: "{{ secret.WORD }}", OTHER: "{{ secret.OTHER }}" } }
`,
      );
      await flow.load();
      const job = await flow.ended(await flow.execute('uses'));
      expect(job.state).toBe('completed');
      expect((await flow.ask(flow.admin, 'GET', `/api/runs/${job.steps[0]?.task_id}/output`)).text).toBe(`${'*'.repeat(17)}\n`);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('who may', () => {
  beforeEach(async () => {
    flow.write('hello.yaml', TWO_STEPS);
    await flow.load();
  });

  it('lets a client execute what they were allowed, and see their own jobs and runs alone', async () => {
    const [anna, otto] = [await flow.caller('anna', 'client'), await flow.caller('otto', 'client')];
    const path = '/api/workspaces/ws/tasks/hello';
    for (const [method, at] of [
      ['GET', path],
      ['POST', `${path}/execute`],
      ['GET', '/api/workspaces/ws/tasks'],
    ] as const)
      expect((await flow.ask(anna, method, at, method === 'POST' ? {} : undefined)).status).toBe(404);
    expect((await flow.ask(anna, 'GET', '/api/workspaces')).json).toEqual({ items: [], next_cursor: null });
    expect((await flow.ask(flow.admin, 'PATCH', path, { allow: [anna.user_id] })).status).toBe(200);
    // Where it lies, and what is wrong with it, is for admins.
    flow.write('broken.yaml', 'nonsense: true');
    await flow.load().catch(() => undefined);
    const hidden = { path: null, url: null, ref: null, problems: [], error: null };
    expect((await flow.ask(anna, 'GET', '/api/workspaces')).json).toMatchObject({ items: [{ name: 'ws', tasks: 1, ...hidden }] });
    expect((await flow.ask(otto, 'GET', '/api/workspaces')).json).toMatchObject({ items: [] });
    for (const at of ['/api/workspaces/ws', '/api/jobs/nothing']) expect((await flow.ask(anna, 'GET', at)).status).not.toBe(200);
    const id = await flow.execute('hello', {}, anna);
    const job = await flow.ended(id);
    expect(await flow.job(id, anna)).toMatchObject({ state: 'completed', user: 'anna' });
    const [step] = job.steps;
    expect((await flow.ask(anna, 'GET', `/api/runs/${step?.task_id}/output`)).text).toContain('hello World');
    for (const at of [`/api/jobs/${id}`, `/api/jobs/${id}/logs`, `/api/runs/${step?.task_id}`])
      expect((await flow.ask(otto, 'GET', at)).status).toBe(404);
    expect(jobsOf(await flow.ask(otto, 'GET', '/api/jobs'))).toEqual([]);
    expect(jobsOf(await flow.ask(anna, 'GET', '/api/jobs'))).toHaveLength(1);
    expect((await flow.ask(anna, 'POST', `/api/jobs/${id}/steps/count/approve`, { approved: true })).status).toBe(403);
  });

  it('makes one job of a request that comes twice, and refuses another one under its id', async () => {
    const request_id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    const ask = (name: string) => flow.ask(flow.admin, 'POST', '/api/workspaces/ws/tasks/hello/execute', { input: { name }, request_id });
    const [first, second] = await Promise.all([ask('A'), ask('A')]);
    expect(first.text).toBe(second.text);
    expect((await ask('A')).text).toBe(first.text);
    expect((await ask('B')).status).toBe(409);
    expect((await flow.ask(flow.admin, 'POST', '/api/workspaces/ws/tasks/hello/execute', { input: { nme: 'A' } })).text).toContain(
      '“name”',
    );
  });

  it('gives what the steps printed, as text and as lines', async () => {
    const id = await flow.execute('hello');
    await flow.ended(id);
    expect((await flow.ask(flow.admin, 'GET', `/api/jobs/${id}/logs`)).text).toBe(
      '[say-hello] hello World\n[say-hello] OUTPUT: {"words": 2}\n',
    );
    const lines = (await flow.ask(flow.admin, 'GET', `/api/jobs/${id}/logs?format=jsonl`)).text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ stream: 'stdout', step: 'say-hello', line: 'hello World' }, {}]);
  });

  it('keeps the good definitions when new ones are broken, and says where', async () => {
    flow.write('hello.yaml', `${TWO_STEPS}\nnonsense: true\n`);
    await expect(flow.load()).rejects.toThrow('nonsense');
    expect((await flow.ask(flow.admin, 'GET', '/api/workspaces/ws')).json).toMatchObject({
      tasks: 1,
      problems: [{ file: '.workflows/hello.yaml' }],
    });
    expect(await flow.ended(await flow.execute('hello'))).toMatchObject({ state: 'completed' });
  });
});

function jobsOf({ json }: Answer): JobSummary[] {
  return z.object({ items: z.array(jobSummary) }).parse(json).items;
}
