import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/**
 * Strøm's own public files, as its end-to-end test (tests/e2e.sh) runs them, with what that expects. They are in no repository of ours:
 * `git clone https://github.com/fremvaerk/stroem`, then `TORU_STROM_FILES=stroem npm test -- agent/workflows/strom-files.test.ts`.
 */
const STROM = process.env['TORU_STROM_FILES'] ?? '';

describe.skipIf(STROM === '')('Strøm’s public files', () => {
  let h: WorkflowsHarness;
  let folder: string;
  beforeAll(async () => {
    h = await makeWorkflows();
    folder = mkdtempSync(join(tmpdir(), 'toru-strom-'));
    cpSync(join(STROM, 'workspace'), join(folder, 'default'), { recursive: true });
    const other = join(folder, 'test');
    mkdirSync(join(other, '.workflows'), { recursive: true });
    for (const name of readdirSync(join(STROM, 'tests/e2e-workspace'))) {
      const to = name.endsWith('.yaml') ? join(other, '.workflows', name) : join(other, name);
      cpSync(join(STROM, 'tests/e2e-workspace', name), to, { recursive: true });
    }
    for (const [name, path] of [
      ['test', other],
      ['default', join(folder, 'default')],
    ] as const)
      expect(await h.look(name, { type: 'folder', path })).toMatchObject({ problems: [], error: null });
  }, 120_000);
  afterAll(async () => {
    await h.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function executed(workspace: string, task: string, input: object = {}): Promise<Job & { log: string }> {
    const begun = await h.ask(h.admin, 'POST', `/api/workspaces/${workspace}/tasks/${task}/execute`, { input });
    expect([begun.status, begun.text]).toEqual([202, expect.any(String)]);
    const job = await h.ended(Object(begun.json).job_id);
    return { ...job, log: (await h.ask(h.admin, 'GET', `/api/jobs/${job.job_id}/logs`)).text };
  }

  test('hello-world', async () => {
    const { state, steps, log } = await executed('default', 'hello-world', { name: 'E2E Test' });
    expect([state, steps.map((step) => step.state), log]).toEqual([
      'completed',
      ['completed', 'completed'],
      expect.stringMatching(/Hello E2E Test[\s\S]*HELLO E2E TEST/),
    ]);
  });

  test('deploy-pipeline', async () => {
    const { state, log } = await executed('default', 'deploy-pipeline', { env: 'test' });
    expect([state, log]).toEqual([
      'completed',
      expect.stringMatching(/Checking system status[\s\S]*Deployment complete[\s\S]*Deployment to test completed/),
    ]);
  });

  test('python-crash-with-hook', async () => {
    const job = await executed('default', 'python-crash-with-hook');
    expect([job.state, job.log]).toEqual(['failed', expect.stringContaining("KeyError: 'missing_key'")]);
    await expect
      .poll(async () => {
        const hook = Object((await h.ask(h.admin, 'GET', '/api/jobs?source=hook')).json).items[0];
        return hook?.state === 'completed' && hook.source_id === job.job_id
          ? (await h.ask(h.admin, 'GET', `/api/jobs/${hook.job_id}/logs`)).text
          : hook?.state;
      })
      .toMatch(/HOOK_FIRED[\s\S]*status=failed[\s\S]*is_success=false/);
  });

  test('the others of its workspace', async () => {
    const shown = async (task: string, input = {}) => {
      const { state, steps } = await executed('default', task, input);
      return [state, ...steps.map((step) => step.state)];
    };
    expect(await shown('data-pipeline')).toEqual(['completed', 'completed', 'completed']);
    expect(await shown('hello-with-warning')).toEqual(['completed', 'completed']);
    expect(await shown('always-failing')).toEqual(['failed', 'failed']);
    expect(await shown('fail-in-chain')).toEqual(['failed', 'failed', 'skipped']);
    expect(await shown('fail-continue')).toEqual(['failed', 'failed', 'completed']);
    expect(await shown('read-state')).toEqual(['completed', 'completed']);
    // Its input is the JSON of a list, which stays a text here (docs/workflows.md).
    expect(await shown('multi-select-demo', { environments: ['dev', 'prod'], tags: ['smoke'] })).toEqual(['failed', 'failed']);
  });

  test('produce-artifacts', async () => {
    const { state, steps } = await executed('test', 'produce-artifacts');
    expect(state).toBe('completed');
    const listed = await h.ask(h.admin, 'GET', `/api/runs/${steps[0]?.task_id}/artifacts`);
    expect(
      Object(listed.json)
        .items.map(({ name }: { name: string }) => name)
        .sort(),
    ).toEqual(['report.html', 'status.txt']);
  });

  test('xref: an action of another workspace', async () => {
    const { state, log } = await executed('default', 'xref');
    expect([state, log]).toEqual(['completed', expect.stringContaining('CROSS_WS_OK')]);
  });
});
