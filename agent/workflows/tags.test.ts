import { afterEach, expect, it } from 'vitest';
import { action } from '../../shared/flow/definition.ts';
import { NO_CONTAINER_SETTINGS } from '../config-containers.ts';
import { foundTags, neededTags } from './host-tags.ts';
import type { WorkflowsHarness } from './workflows-harness.ts';
import { makeWorkflows } from './workflows-harness.ts';

let flow: WorkflowsHarness | null = null;
afterEach(async () => {
  await flow?.close();
  flow = null;
});

it('finds what this host has', () => {
  const nothing = { PATH: '/nowhere', XDG_RUNTIME_DIR: '/nowhere', KUBECONFIG: '/nowhere' };
  expect(foundTags(NO_CONTAINER_SETTINGS, nothing)).toContain('local');
  expect(foundTags(NO_CONTAINER_SETTINGS, nothing)).not.toContain('pod');
  // What somebody named counts, though it be away: the step says what is wrong with it.
  expect(foundTags(NO_CONTAINER_SETTINGS, { ...nothing, DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toContain('docker');
  expect(foundTags(NO_CONTAINER_SETTINGS, { PATH: '/bin:/usr/bin' })).toContain('shell');
});

it('knows what a step needs, by where it runs and by what it says', () => {
  const needed = (written: object): string[] => neededTags(action.parse(written));
  expect(needed({ type: 'script', code: { script: '' }, tags: ['gpu'] })).toEqual(['local', 'gpu']);
  expect(needed({ type: 'script', code: { script: '' }, runner: 'pod' })).toEqual(['pod']);
  expect(needed({ type: 'docker', image: 'i', tags: ['docker'] })).toEqual(['docker']);
  expect(needed({ type: 'approval' })).toEqual([]);
});

const YAML = `
actions:
  any: { type: script, script: 'true' }
  special: { type: script, script: 'true', tags: [gpu, large] }
tasks:
  main: { flow: { one: { action: special }, two: { action: any } } }
`;

it('waits with a step for a tag, while others go on, and begins it when the host gets the tag', async () => {
  flow = await makeWorkflows();
  flow.write('main.yaml', YAML);
  await flow.load();
  const job = await flow.execute('main');
  const waiting = await flow.until(job, ({ steps: [one, two] }) => one?.error !== null && two?.state === 'completed');
  expect(waiting.steps[0]).toMatchObject({
    state: 'ready',
    task_id: null,
    error: expect.stringContaining('it needs “gpu” and “large”, and there is local'),
  });
  const set = await flow.ask(flow.admin, 'PUT', '/api/settings', { tags: ['gpu', 'large'] });
  expect(set.status).toBe(200);
  const ended = await flow.ended(job);
  expect([ended.state, ended.steps[0]?.error]).toEqual(['completed', null]);
});

it('cancels a step that waits for a tag', async () => {
  flow = await makeWorkflows();
  flow.write('main.yaml', YAML);
  await flow.load();
  const job = await flow.execute('main');
  await flow.until(job, ({ steps: [one] }) => one?.error !== null);
  await flow.ask(flow.admin, 'POST', `/api/jobs/${job}/cancel`);
  expect((await flow.ended(job)).state).toBe('cancelled');
});

it('fails a step that no host can take, after the time of the reducer', async () => {
  flow = await makeWorkflows();
  flow.write('main.yaml', YAML);
  await flow.load();
  const job = await flow.execute('main');
  await flow.until(job, ({ steps: [one] }) => one?.error !== null);
  // The timer is a row, as each is: it is due now.
  const changed = flow.db.prepare(`UPDATE timers SET due = 0 WHERE name LIKE '%:unmatched'`).run();
  expect(changed.changes).toBe(1);
  const { home, folder } = flow;
  await flow.close(true);
  flow = await makeWorkflows({ home, folder });
  const ended = await flow.ended(job);
  expect([ended.state, ended.steps[0]?.state]).toEqual(['failed', 'failed']);
  expect(ended.steps[0]?.error).toContain('No host that is known can take this step');
});
