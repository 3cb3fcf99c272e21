import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { job as jobSchema } from '../../shared/workflows.ts';
import type { EngineStub, StubOptions } from '../containers/engine-stub-harness.ts';
import { engineStub } from '../containers/engine-stub-harness.ts';
import { until } from '../until.ts';
import { beginCrashing } from './crashing-process-harness.ts';
import { killRun } from './kill-run-harness.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

/** Steps in containers, through a real agent, its runs, the program of container steps, and an engine that checks each request. */

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function scene(yaml: string, options: StubOptions = {}): Promise<{ engine: EngineStub; flow: WorkflowsHarness }> {
  const engine = await engineStub({
    images: ['tool:1', 'docker.io/library/debian:stable-slim', 'docker.io/library/python:3-slim'],
    ...options,
  });
  open.push(engine);
  const flow = await makeWorkflows({ containers: { socket: engine.socket } });
  open.push({ close: () => flow.close() });
  flow.write('main.yaml', yaml);
  await flow.load();
  return { engine, flow };
}

async function outputOf(flow: WorkflowsHarness, taskId: string | null | undefined): Promise<string> {
  const answer = await flow.ask(flow.admin, 'GET', `/api/runs/${taskId}/output`);
  return answer.text;
}

it('runs an image: its words and variables reach the container, its output the log, its files the job, and it is removed', async () => {
  const { engine, flow } = await scene(`
actions:
  tool:
    type: docker
    image: 'tool:{{ input.version }}'
    env: { GREETING: 'Hello {{ input.name }}' }
    resources: { cpu: 500m, memory: 64Mi }
    entrypoint: [sh, -c, 'echo "$GREETING, $0"; echo problem >&2; echo "{\\"n\\": 42}" > "$TORU_OUTPUT"; echo result > "$TORU_ARTIFACTS/a.txt"']
    command: ['{{ input.name }}']
    input: { version: { type: string }, name: { type: string } }
tasks:
  main:
    input: { name: { type: string } }
    flow:
      one: { action: tool, input: { version: '1', name: '{{ input.name }}' } }
`);
  const hostile = `'; touch /tmp/canary #"$(id)`;
  const job = await flow.ended(await flow.execute('main', { name: hostile }));
  const [step] = job.steps;
  const output = await outputOf(flow, step?.task_id);
  expect({ state: job.state, error: step?.error, faults: engine.faults }).toEqual({ state: 'completed', error: null, faults: [] });
  expect(output).toContain(`Hello ${hostile}, ${hostile}\n`);
  expect(output).toContain('problem\n');
  expect(step?.output).toEqual({ n: 42 });
  expect(engine.created[0]).toMatchObject({
    Image: 'tool:1',
    HostConfig: { NanoCpus: 500_000_000, Memory: 64 * 1024 ** 2 },
    Labels: { 'toru.run': step?.task_id },
  });
  // An image as it is has no workspace.
  expect(engine.created[0]?.HostConfig.Binds).toEqual([]);
  const artifacts = await flow.ask(flow.admin, 'GET', `/api/runs/${step?.task_id}/artifacts`);
  expect(artifacts.text).toContain('a.txt');
  expect(engine.containers.size).toBe(0);
  expect(readdirSync(join(flow.home, 'containers'))).toEqual([]);
});

it('says on the job why a script in a container never began', async () => {
  const { flow } = await scene(`
actions:
  needs: { type: script, runner: docker, language: python, interpreter: /bin/false, dependencies: [nothing], env: { PATH: /usr/bin:/bin }, script: 'print(1)' }
  own: { type: script, runner: docker, script: 'echo "$KEY" >/toru/out/failure; exit 125', env: { KEY: '{{ secret.KEY }}' } }
tasks:
  needs: { flow: { one: { action: needs } } }
  own: { flow: { one: { action: own } } }
  known: { flow: { one: { type: script, runner: docker, script: 'echo constructor >/toru/out/failure; exit 125' } } }
`);
  await flow.ask(flow.admin, 'PUT', '/api/secrets/KEY', { value: 'hunter2-hunter2' });
  const errorOf = async (task: string) => (await flow.ended(await flow.execute(task))).steps[0]?.error;
  expect(await errorOf('needs')).toContain('could not be installed');
  // Of the script itself it is an exit code like any other.
  expect(await errorOf('own')).toContain('exit code 125');
  expect(await errorOf('own')).not.toContain('hunter2');
  // A word that every object knows is none of ours.
  expect(await errorOf('known')).toContain('exit code 125');
});

it('runs a script in a container: workspace read-only, startup scripts, arguments, state of the job before, secrets masked', async () => {
  const { engine, flow } = await scene(`
actions:
  count:
    type: script
    runner: docker
    script: |
      cat /workspace/data.txt
      echo "startup $FROM_STARTUP, value {{ input.value }}, argument $1, key $KEY"
      n=$(cat "$STATE_DIR/n" 2>/dev/null || echo 0)
      echo $((n + 1)) > "$STATE_OUT/n"
      echo "OUTPUT: {\\"n\\": $((n + 1))}"
    args: ['{{ input.value }}']
    env: { KEY: '{{ secret.KEY }}' }
    input: { value: { type: string } }
tasks:
  main: { flow: { one: { action: count, input: { value: 'it''s "v"' } } } }
`);
  writeFileSync(join(flow.folder, 'data.txt'), 'from the workspace\n');
  mkdirSync(join(flow.home, 'startup.d'));
  writeFileSync(join(flow.home, 'startup.d', '10-variables.sh'), 'export FROM_STARTUP=read\n');
  const set = await flow.ask(flow.admin, 'PUT', '/api/secrets/KEY', { value: 'hunter2-hunter2' });
  expect(set.status).toBeLessThan(300);
  for (const n of [1, 2]) {
    const job = await flow.ended(await flow.execute('main'));
    const [step] = job.steps;
    const output = await outputOf(flow, step?.task_id);
    expect({ state: job.state, error: step?.error, faults: engine.faults, output }).toMatchObject({
      state: 'completed',
      error: null,
      faults: [],
    });
    expect(output).toContain('from the workspace');
    expect(output).toContain(`startup read, value it's "v", argument it's "v", key ***`);
    expect(output).not.toContain('hunter2');
    expect(step?.output).toEqual({ n });
  }
  expect(engine.created[0]?.HostConfig.Binds).toEqual([`${flow.folder}:/workspace:ro`]);
  expect(engine.created[0]?.WorkingDir.replace(flow.folder, '/workspace')).toBe('/workspace');
});

it('ends with the exit code of its container, and says why it was killed for its memory', async () => {
  const { engine, flow } = await scene(`
actions:
  three: { type: docker, image: 'tool:1', cmd: 'exit 3' }
  eater: { type: docker, image: 'tool:1', cmd: 'kill -9 $$', env: { STUB_OOM: '1' }, resources: { memory: 64Mi } }
tasks:
  main: { flow: { a: { action: three }, b: { action: eater } } }
`);
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps.map(({ error }) => error)).toEqual([
    'It ended with exit code 3.',
    'The container used more memory than its limit of 64 MiB, and was killed. Raise resources.memory.',
  ]);
  expect([engine.faults, engine.containers.size]).toEqual([[], 0]);
});

it('pulls an image that is missing, with progress in the log, and what docker login left', async () => {
  const { engine, flow } = await scene(`
actions:
  pulled: { type: docker, image: 'registry.test:5000/team/tool:2', cmd: 'echo here' }
tasks:
  main: { flow: { one: { action: pulled } } }
`);
  mkdirSync(join(flow.home, 'docker'));
  const auth = Buffer.from('ada:pass:word').toString('base64');
  writeFileSync(join(flow.home, 'docker', 'config.json'), JSON.stringify({ auths: { 'registry.test:5000': { auth } } }));
  process.env['DOCKER_CONFIG'] = join(flow.home, 'docker');
  try {
    const job = await flow.ended(await flow.execute('main'));
    expect({ state: job.state, error: job.steps[0]?.error, faults: engine.faults }).toEqual({
      state: 'completed',
      error: null,
      faults: [],
    });
    const output = await outputOf(flow, job.steps[0]?.task_id);
    expect(output).toContain('[toru] aaaa: Pull complete');
    expect(output).toContain('here\n');
    expect(engine.auths).toEqual([{ username: 'ada', password: 'pass:word', serveraddress: 'registry.test:5000' }]);
  } finally {
    delete process.env['DOCKER_CONFIG'];
  }
});

it.each([
  [
    'an image that there is not',
    { pullFails: '404 pull access denied for nope' },
    'The image nope:1 could not be pulled: pull access denied for nope.',
  ],
  ['a pull that breaks', { pullFails: 'unexpected EOF' }, 'The image nope:1 could not be pulled: unexpected EOF.'],
  ['an engine that is too old', { apiVersion: '1.40' }, 'is too old: it speaks version 1.40 of the API, and steps need 1.41'],
])('says so of %s', async (_what, options, sentence) => {
  const { flow } = await scene(
    `
actions:
  nope: { type: docker, image: 'nope:1' }
tasks:
  main: { flow: { one: { action: nope } } }
`,
    options,
  );
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps[0]?.error).toContain(sentence);
});

it('says so where no engine listens', async () => {
  const { engine, flow } = await scene(`
actions:
  any: { type: docker, image: 'tool:1' }
tasks:
  main: { flow: { one: { action: any } } }
`);
  await engine.stop();
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps[0]?.error).toMatch(/There is no container engine at .*engine\.sock\. Is it started\?|Nothing listens at/);
});

const SLOW = `
actions:
  slow: { type: docker, image: 'tool:1', cmd: 'echo begun; trap "echo asked; exit 0" TERM; while [ ! -e "$GO" ]; do sleep 0.05; done; echo gone on', env: { GO: '{{ input.go }}' }, input: { go: { type: string } } }
  stubborn: { type: docker, image: 'tool:1', cmd: 'trap "" TERM; echo begun; while true; do sleep 0.05; done' }
tasks:
  main: { input: { go: { type: string } }, flow: { one: { action: slow, input: { go: '{{ input.go }}' } } } }
  stubborn: { flow: { one: { action: stubborn } } }
  late: { flow: { one: { action: stubborn, timeout: 1s } } }
`;

/** @returns the run's id, when its container prints. */
async function begun(flow: WorkflowsHarness, job: string): Promise<string> {
  const { steps } = await flow.until(job, ({ steps: [step] }) => step?.state === 'running');
  const taskId = steps[0]?.task_id ?? '';
  await expect.poll(() => outputOf(flow, taskId)).toContain('begun');
  return taskId;
}

it('cancels by a stop of the container, whose last words are kept, and removes it', async () => {
  const { engine, flow } = await scene(SLOW);
  const job = await flow.execute('main', { go: join(flow.home, 'go') });
  const taskId = await begun(flow, job);
  await flow.ask(flow.admin, 'POST', `/api/jobs/${job}/cancel`);
  const { state } = await flow.ended(job);
  expect([state, engine.faults, engine.containers.size]).toEqual(['cancelled', [], 0]);
  expect(engine.requests).toContain('ContainerStop');
  expect(await outputOf(flow, taskId)).toContain('asked');
});

it('kills a container that does not leave, and one that is too slow', async () => {
  const { engine, flow } = await scene(SLOW);
  const stubborn = await flow.execute('stubborn');
  await begun(flow, stubborn);
  await flow.ask(flow.admin, 'POST', `/api/jobs/${stubborn}/cancel`);
  const late = await flow.execute('late');
  expect((await flow.ended(stubborn)).state).toBe('cancelled');
  expect((await flow.ended(late)).steps[0]?.error).toContain('Timed out after 1 s.');
  expect([engine.faults, engine.containers.size]).toEqual([[], 0]);
});

it('loses no byte and doubles none while the engine is restarted under a container', async () => {
  const { engine, flow } = await scene(SLOW);
  const job = await flow.execute('main', { go: join(flow.home, 'go') });
  const taskId = await begun(flow, job);
  await engine.stop();
  writeFileSync(join(flow.home, 'go'), '');
  await expect.poll(() => outputOf(flow, taskId)).toContain('does not answer any more');
  await engine.start();
  const { state, steps } = await flow.ended(job);
  expect([state, steps[0]?.error, engine.faults]).toEqual(['completed', null, []]);
  const said = (await outputOf(flow, taskId)).split('\n').filter((line) => line !== '' && !line.startsWith('[toru]'));
  expect(said).toEqual(['begun', 'gone on']);
  expect(engine.containers.size).toBe(0);
});

it.runIf(process.platform === 'linux')(
  'removes, after the program of a step was killed, the container that it left, when the engine answers',
  async () => {
    const { engine, flow } = await scene(SLOW);
    const job = await flow.execute('main', { go: join(flow.home, 'go') });
    const taskId = await begun(flow, job);
    expect(engine.containers.size).toBe(1);
    killRun(taskId);
    await flow.ended(job);
    await expect.poll(() => engine.containers.size).toBe(0);
    await expect.poll(() => existsSync(join(flow.home, 'containers', `${taskId}.json`))).toBe(false);
    expect(engine.faults).toEqual([]);
  },
);

it('goes on, and loses and doubles nothing, when the agent is killed in the middle of it', async () => {
  const engine = await engineStub({ images: ['docker.io/library/debian:stable-slim'] });
  open.push(engine);
  const home = mkdtempSync(join(tmpdir(), 'toru-docker-kill-'));
  const folder = join(home, 'flows');
  const go = join(home, 'go');
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(
    join(folder, '.workflows/main.yaml'),
    `
actions:
  wait:
    type: script
    runner: docker
    script: 'echo begun; while [ ! -e "${go}" ]; do sleep 0.05; done; echo "OUTPUT: {\\"n\\": 1}"'
tasks:
  main: { flow: { one: { action: wait }, two: { type: noop, depends_on: [one], input: { n: "{{ one.output.n }}" } } } }
`,
  );
  const args = [home, folder, randomUUID(), engine.socket];
  const first = beginCrashing('crashing-flow.ts', args);
  await until(() => [...engine.containers.values()].some(({ printed }) => Buffer.concat(printed).includes('begun')), first.said);
  await first.kill();
  // The second one has all the time of the third one's start to remove a container that is none of what was left.
  const second = beginCrashing('crashing-flow.ts', args);
  await until(() => second.said().includes('ready'), second.said);
  mkdirSync(join(home, 'other'));
  const third = beginCrashing('crashing-flow.ts', [join(home, 'other'), folder, randomUUID(), engine.socket]);
  await until(() => third.said().includes('ready'), third.said);
  await third.kill();
  writeFileSync(go, '');
  await until(() => second.said().includes('ended '), second.said);
  await second.kill();
  const job = jobSchema.parse(JSON.parse(/^ended (.*)$/m.exec(second.said())?.[1] ?? ''));
  expect([job.state, job.steps.map(({ output }) => output)], JSON.stringify(job)).toEqual(['completed', [{ n: 1 }, { n: 1 }]]);
  expect([engine.created.length, engine.containers.size, engine.faults]).toEqual([1, 0, []]);
  rmSync(home, { recursive: true, force: true });
});

it('says so where the agent’s user may not use the engine’s socket', async () => {
  const { engine, flow } = await scene(`
tasks:
  main: { flow: { one: { type: docker, image: 'tool:1' } } }
`);
  chmodSync(engine.socket, 0);
  // Nothing is closed to root: then the agent, and what it starts, is somebody else while it connects.
  if (userInfo().uid === 0) return expect(await refusedTo(engine.socket)).toContain('sudo usermod -aG docker');
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps[0]?.error).toContain('sudo usermod -aG docker');
});

/** What a user to whom the socket is closed is told. */
async function refusedTo(socket: string): Promise<string> {
  const program = `
    import { Engine } from ${JSON.stringify(join(import.meta.dirname, '../containers/engine.ts'))};
    process.setegid(65534);
    process.seteuid(65534);
    await Engine.find([${JSON.stringify(socket)}]).catch((error) => console.log(error.message));`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
}

it('executes the example, whose state the next job finds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-example-'));
  cpSync(join(import.meta.dirname, '../../examples/workflows/containers'), folder, { recursive: true });
  const engine = await engineStub({ images: ['docker.io/library/alpine:3', 'docker.io/library/debian:stable-slim'] });
  open.push(engine, { close: async () => rmSync(folder, { recursive: true, force: true }) });
  const flow = await makeWorkflows({ folder, containers: { socket: engine.socket } });
  open.push({ close: () => flow.close() });
  await flow.load();
  const output: string[] = [];
  for (const title of ['Hello', 'Hello again']) {
    const job = await flow.ended(await flow.execute('site', { title }));
    expect([job.state, ...job.steps.map(({ error }) => error), ...engine.faults]).toEqual(['completed', null, null]);
    output.push(await outputOf(flow, job.steps[1]?.task_id));
  }
  expect(output[0]).toContain('15 bytes, and 0 the time before');
  expect(output[1]).toContain('21 bytes, and 15 the time before');
});

it.runIf(process.platform === 'linux')('an agent that stops ends no container: the next one follows it to its end', async () => {
  const { engine, flow } = await scene(SLOW);
  const job = await flow.execute('main', { go: join(flow.home, 'go') });
  const taskId = await begun(flow, job);
  await flow.close(true);
  open.pop();
  expect(engine.containers.size).toBe(1);
  writeFileSync(join(flow.home, 'go'), '');
  const next = await makeWorkflows({ home: flow.home, folder: flow.folder, containers: { socket: engine.socket } });
  open.push({ close: () => next.close() });
  const { state, steps } = await next.ended(job);
  expect([state, steps[0]?.task_id, engine.faults]).toEqual(['completed', taskId, []]);
  expect(await outputOf(next, taskId)).toContain('gone on');
  expect(engine.created).toHaveLength(1);
  expect(engine.containers.size).toBe(0);
});

it.runIf(process.platform === 'linux')(
  'kill -9 of the agent, again and again, under a container: it is made once, loses and doubles no line, and is removed',
  async () => {
    const engine = await engineStub({ images: ['tool:1'] });
    const home = mkdtempSync(join(tmpdir(), 'toru-kill-container-'));
    const folder = join(home, 'flows');
    open.push(engine, { close: async () => rmSync(home, { recursive: true, force: true }) });
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    const go = join(home, 'go');
    const count = `i=0; while [ ! -e "${go}" ]; do i=$((i + 1)); echo "line $i"; sleep 0.02; done; echo "last $i"`;
    writeFileSync(
      join(folder, '.workflows', 'main.yaml'),
      `actions: { count: { type: docker, image: 'tool:1', cmd: '${count}' } }\ntasks: { main: { flow: { one: { action: count } } } }\n`,
    );
    const request = randomUUID();
    const begin = (): { said: () => string; kill: () => Promise<void> } => {
      const words = ['--no-warnings', join(import.meta.dirname, 'crashing-flow.ts'), home, folder, request];
      const env = { ...process.env, DOCKER_HOST: `unix://${engine.socket}` };
      const agent = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], env });
      const gone = new Promise<void>((resolve) => agent.once('close', () => resolve()));
      open.push({
        close: async () => {
          agent.kill('SIGKILL');
          await gone;
        },
      });
      let text = '';
      agent.stdout.on('data', (data) => {
        text += String(data);
      });
      return {
        said: () => text,
        kill: () => {
          agent.kill('SIGKILL');
          return gone;
        },
      };
    };
    for (const lines of [3, 20]) {
      const agent = begin();
      await until(() => ([...engine.containers.values()][0]?.printed.length ?? 0) > lines, agent.said);
      await until(() => agent.said().includes('ready'), agent.said);
      await agent.kill();
    }
    writeFileSync(go, '');
    const agent = begin();
    await until(() => agent.said().includes('ended '), agent.said);
    await agent.kill();
    const flow = await makeWorkflows({ home, folder });
    open.push({ close: () => flow.close(true) });
    const { items } = z
      .object({ items: z.array(z.object({ task_id: z.string() })) })
      .parse((await flow.ask(flow.admin, 'GET', '/api/runs')).json);
    const lines = (await outputOf(flow, items[0]?.task_id)).split('\n').filter((line) => line !== '' && !line.startsWith('[toru]'));
    const all = lines.length - 1;
    expect(lines).toEqual([...Array.from({ length: all }, (_, at) => `line ${at + 1}`), `last ${all}`]);
    expect([items.length, engine.created.length, engine.containers.size, engine.faults]).toEqual([1, 1, 0, []]);
  },
  // Three starts of an agent from its sources, on a busy machine.
  600_000,
);
