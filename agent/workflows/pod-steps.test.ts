import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { ClusterStub, ClusterStubOptions } from '../containers/cluster-stub-harness.ts';
import { clusterStub } from '../containers/cluster-stub-harness.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

/** Steps in pods, through a real agent, its runs, the program of container steps, and a cluster that checks each request. */

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  vi.unstubAllEnvs();
});

async function scene(yaml: string, options: ClusterStubOptions = {}): Promise<{ cluster: ClusterStub; flow: WorkflowsHarness }> {
  const cluster = await clusterStub(options);
  open.push(cluster);
  vi.stubEnv('KUBECONFIG', cluster.kubeconfig);
  const flow = await makeWorkflows({
    containers: { helper_image: 'helper:1', ...(options.pending === undefined ? {} : { pending_ms: 300 }) },
  });
  open.push({ close: () => flow.close() });
  flow.write('main.yaml', yaml);
  await flow.load();
  return { cluster, flow };
}

async function outputOf(flow: WorkflowsHarness, taskId: string | null | undefined): Promise<string> {
  return (await flow.ask(flow.admin, 'GET', `/api/runs/${taskId}/output`)).text;
}

it('runs a script in a pod: the workspace goes in, output, results and state come out, no connection comes back', async () => {
  const { cluster, flow } = await scene(`
actions:
  work:
    type: script
    runner: pod
    script: |
      cat /workspace/data.txt
      echo "value {{ input.value }}, argument $1"
      n=$(cat "$STATE_DIR/n" 2>/dev/null || echo 0)
      echo $((n + 1)) > "$STATE_OUT/n"
      echo result > "$TORU_ARTIFACTS/a.txt"
      echo "{\\"n\\": $((n + 1))}" > "$TORU_OUTPUT"
    args: ['{{ input.value }}']
    resources: { cpu: '2', memory: 1Gi }
    manifest:
      metadata: { annotations: { example.test/role: builder } }
      spec:
        nodeSelector: { disk: ssd }
        containers:
          - { name: step, imagePullPolicy: Always, env: [{ name: EXTRA, value: more }] }
          - { name: beside, image: 'database:1', command: [sleep, '60'] }
    input: { value: { type: string } }
tasks:
  main: { input: { value: { type: string } }, flow: { one: { action: work, input: { value: '{{ input.value }}' } } } }
`);
  writeFileSync(join(flow.folder, 'data.txt'), 'from the workspace\n');
  const hostile = `$(KEY) '; touch /tmp/canary #"$(id)\``;
  for (const n of [1, 2]) {
    const job = await flow.ended(await flow.execute('main', { value: hostile }));
    const [step] = job.steps;
    const output = await outputOf(flow, step?.task_id);
    expect({ state: job.state, error: step?.error, faults: cluster.faults, output }).toMatchObject({
      state: 'completed',
      error: null,
      faults: [],
    });
    expect(output).toContain('from the workspace');
    expect(output).toContain(`value ${hostile}, argument ${hostile}\n`);
    expect(step?.output).toEqual({ n });
    expect(step?.container).toEqual({
      engine: 'kubernetes',
      image: 'docker.io/library/debian:stable-slim',
      id: `jobs/toru-${step?.task_id}`,
    });
    expect((await flow.ask(flow.admin, 'GET', `/api/runs/${step?.task_id}/artifacts`)).text).toContain('a.txt');
  }
  const [pod] = cluster.created;
  expect(pod?.metadata.annotations).toMatchObject({ 'example.test/role': 'builder' });
  expect(pod?.spec).toMatchObject({ restartPolicy: 'Never', nodeSelector: { disk: 'ssd' }, automountServiceAccountToken: false });
  expect(pod?.spec.containers.map(({ name }) => name)).toEqual(['step', 'toru-out', 'beside']);
  const step = pod?.spec.containers[0];
  expect(step).toMatchObject({ imagePullPolicy: 'Always', resources: { limits: { cpu: '2000m', memory: String(1024 ** 3) } } });
  expect(step?.env).toContainEqual({ name: 'EXTRA', value: 'more' });
  expect(step?.env?.some(({ name }) => name === 'TORU_OUTPUT')).toBe(true);
  expect(step?.volumeMounts).toContainEqual({ name: 'toru-workspace', mountPath: '/workspace', readOnly: true });
  expect(cluster.pods.size).toBe(0);
  expect(readdirSync(join(flow.home, 'containers'))).toEqual([]);
});

it('ends with the exit code of its step, and says why it was killed for its memory', async () => {
  const { cluster, flow } = await scene(`
actions:
  three: { type: pod, image: 'tool:1', cmd: 'exit 3' }
  eater: { type: pod, image: 'tool:1', cmd: 'kill -9 $$', env: { STUB_OOM: '1' } }
tasks:
  main: { flow: { a: { action: three }, b: { action: eater } } }
`);
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps.map(({ error }) => error)).toEqual([
    'It ended with exit code 3.',
    'The step used more memory than its limit, and was killed. Raise resources.memory.',
  ]);
  expect([cluster.faults, cluster.pods.size]).toEqual([[], 0]);
});

it('cancels by a delete with grace, and nothing is left', async () => {
  const { cluster, flow } = await scene(`
actions:
  slow: { type: pod, image: 'tool:1', cmd: 'echo begun; while true; do sleep 0.05; done' }
tasks:
  main: { flow: { one: { action: slow } } }
`);
  const id = await flow.execute('main');
  const { steps } = await flow.until(id, ({ steps: [step] }) => step?.state === 'running');
  await expect.poll(() => outputOf(flow, steps[0]?.task_id)).toContain('begun');
  await flow.ask(flow.admin, 'POST', `/api/jobs/${id}/cancel`);
  expect((await flow.ended(id)).state).toBe('cancelled');
  expect([cluster.faults, cluster.pods.size]).toEqual([[], 0]);
});

it('fails a pod that does not start, with the reason of its events, and deletes it', async () => {
  const { cluster, flow } = await scene(
    `
actions:
  never: { type: pod, image: 'tool:1', cmd: 'true' }
tasks:
  main: { flow: { one: { action: never } } }
`,
    { pending: { reason: 'Unschedulable', message: '0/3 nodes are available: 3 Insufficient memory' } },
  );
  const job = await flow.ended(await flow.execute('main'));
  expect(job.steps[0]?.error).toMatch(
    /The pod did not start within .*: FailedScheduling: 0\/3 nodes are available: 3 Insufficient memory\./,
  );
  expect([cluster.faults, cluster.pods.size]).toEqual([[], 0]);
});
