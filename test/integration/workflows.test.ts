import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Workflows through everything: HTTP and a socket at the edge, the agent, the processes of its steps. */

const TWO_STEPS = `
tasks:
  hello:
    input:
      name: { type: string, default: World }
    flow:
      greet:
        type: script
        script: |
          echo "hello $NAME"
          echo 'OUTPUT: {"words": 2}'
        env: { NAME: "{{ input.name }}" }
      count:
        depends_on: [greet]
        type: script
        script: test "$WORDS" = 2
        env: { WORDS: "{{ greet.output.words }}" }
`;

let toru: Toru;
let admin: Client;

beforeAll(async () => {
  toru = await startToru();
  admin = await Client.of(toru);
  const folder = join(toru.home, 'flows');
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(join(folder, '.workflows', 'hello.yaml'), TWO_STEPS);
  const made = await admin.http('POST', '/api/workspaces', { name: 'ops', type: 'folder', path: folder });
  expect([made.status, made.json()]).toMatchObject([201, { name: 'ops', tasks: 1, problems: [], error: null }]);
});

afterAll(async () => {
  admin?.close();
  await toru?.[Symbol.asyncDispose]();
});

test('a task is executed, its job is followed live, and each step is a run that can be watched', async () => {
  const socket = await admin.openSocket();
  socket.send({ type: 'subscribe', topic: 'jobs' });
  await socket.next('subscribed');
  const begun = await admin.http('POST', '/api/workspaces/ops/tasks/hello/execute', { input: { name: 'Ada' } });
  expect(begun.status).toBe(202);
  const { job_id } = begun.json();
  await socket.next('job', undefined, (frame) => frame.job.job_id === job_id && frame.job.state === 'completed');
  await socket.next(
    'job_step',
    undefined,
    (frame) => frame.job_id === job_id && frame.step.name === 'count' && frame.step.state === 'completed',
  );
  const job = (await admin.http('GET', `/api/jobs/${job_id}`)).json();
  expect(job).toMatchObject({
    state: 'completed',
    steps: [
      { name: 'greet', output: { words: 2 } },
      { name: 'count', state: 'completed' },
    ],
  });
  const { task_id } = job.steps[0];
  socket.send({ type: 'attach', task_id, from: 0 });
  await socket.next('exit', task_id);
  expect(socket.output(task_id)).toContain('hello Ada');
});

test('what is saved in the folder counts for the next job, without a word to anybody', async () => {
  writeFileSync(
    join(toru.home, 'flows', '.workflows', 'more.yaml'),
    'tasks: { more: { flow: { one: { type: script, script: "exit 4" } } } }\n',
  );
  await eventually('the new task', async () => (await admin.http('GET', '/api/workspaces/ops/tasks/more')).status === 200);
  const { job_id } = (await admin.http('POST', '/api/workspaces/ops/tasks/more/execute', {})).json();
  await eventually('the end of the job', async () => (await admin.http('GET', `/api/jobs/${job_id}`)).json().ended_at !== null);
  expect((await admin.http('GET', `/api/jobs/${job_id}`)).json()).toMatchObject({
    state: 'failed',
    error: 'one: It ended with exit code 4.',
  });
});
