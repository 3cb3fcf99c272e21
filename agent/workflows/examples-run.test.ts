import { createHmac } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Job } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** The examples, each executed as it is. */

let h: WorkflowsHarness | null = null;
let scratch: string | null = null;
afterEach(async () => {
  await h?.close();
  if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  [h, scratch] = [null, null];
});

async function open(example: string): Promise<WorkflowsHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'toru-example-'));
  cpSync(join(import.meta.dirname, '../../examples/workflows', example), folder, { recursive: true });
  h = await makeWorkflows({ folder });
  await h.load();
  return h;
}

const outputs = (job: Job): Record<string, unknown> => Object.fromEntries(job.steps.map(({ name, output }) => [name, output]));
const states = (job: Job): Record<string, unknown> => Object.fromEntries(job.steps.map(({ name, state }) => [name, state]));

test('a nightly backup keeps the newest archives, and says when it failed', async () => {
  const { execute, ended } = await open('nightly-backup');
  scratch = mkdtempSync(join(tmpdir(), 'toru-backup-'));
  const target = join(scratch, "it's here");
  mkdirSync(join(scratch, 'of'));
  writeFileSync(join(scratch, 'of/file'), 'text');
  mkdirSync(target);
  for (const old of ['2020-01-01T000000.tgz', '2020-01-02T000000.tgz']) writeFileSync(join(target, old), '');
  const job = await ended(await execute('backup', { folder: join(scratch, 'of'), target, keep: 2 }));
  expect(states(job)).toEqual({ archive: 'completed', retain: 'completed' });
  expect(readdirSync(target)).toHaveLength(2);
  expect(readdirSync(target)).toContain('2020-01-02T000000.tgz');
});

test('build, test, deploy waits for somebody where it goes to production', async () => {
  const { execute, until, ended, ask, admin } = await open('build-test-deploy');
  const staging = await ended(await execute('deploy', { version: '1.4.2' }));
  expect(states(staging)).toMatchObject({ test: 'completed', approve: 'skipped', deploy: 'completed' });
  const id = await execute('deploy', { version: '1.4.3', environment: 'production' });
  const asked = await until(id, ({ state }) => state === 'suspended');
  expect(asked.steps.find(({ name }) => name === 'approve')).toMatchObject({ state: 'suspended' });
  expect((await ask(admin, 'POST', `/api/jobs/${id}/steps/approve/approve`, { approved: true })).status).toBeLessThan(300);
  expect(states(await ended(id))).toMatchObject({ approve: 'completed', deploy: 'completed' });
});

test('the disks of this host are looked at, one by one', async () => {
  const { execute, ended } = await open('disks');
  const job = await ended(await execute('disks', { limit: 101 }));
  expect(job.state).toBe('completed');
  expect(outputs(job)).toMatchObject({ tell: { full: 0 } });
});

test('a push to main starts its task, by GitHub’s signature', async () => {
  const { services, ask, admin, ended } = await open('github-webhook');
  await ask(admin, 'PUT', '/api/secrets/GITHUB_WEBHOOK', { value: 'correct horse' });
  const body = JSON.stringify({ ref: 'refs/heads/main', after: 'abc123', repository: { full_name: 'ada/site' } });
  const signature = `sha256=${createHmac('sha256', 'correct horse').update(body).digest('hex')}`;
  const { job_id } = await services.workflows.webhooks.take({
    name: 'github',
    method: 'POST',
    query: '',
    headers: [
      ['content-type', 'application/json'],
      ['x-hub-signature-256', signature],
    ],
    body: Buffer.from(body).toString('base64'),
    address: '192.0.2.7',
  });
  const job = await ended(job_id);
  expect(job).toMatchObject({ state: 'completed', source: 'webhook' });
  expect(Object.values(states(job))).toEqual(['completed']);
});

test('a certificate is renewed when it is due, and not again', async () => {
  const { execute, ended, home } = await open('certificate');
  const first = await ended(await execute('renew', { domain: 'example.org' }));
  expect([states(first), outputs(first)['look']]).toEqual([{ look: 'completed', renew: 'completed' }, { days: 0 }]);
  const kept = join(home, 'task-states/ws/renew');
  const [job] = readdirSync(kept).filter((name) => name !== 'none');
  expect(readFileSync(join(kept, job ?? '', 'cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  const second = await ended(await execute('renew', { domain: 'example.org' }));
  expect(states(second)).toEqual({ look: 'completed', renew: 'skipped' });
});
