import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { until } from '../until.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** When a workspace is looked at by itself: every 30 s, a repository as often as the settings say. */

const LOOK_MS = 30_000;

let h: WorkflowsHarness;
let folder: string;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  h = await makeWorkflows();
  folder = mkdtempSync(join(tmpdir(), 'toru-looks-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await h.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(task: string): void {
  mkdirSync(join(folder, '.workflows'), { recursive: true });
  writeFileSync(join(folder, '.workflows/a.yaml'), `tasks: { ${task}: { flow: { s: { type: noop } } } }\n`);
}

const tasks = (): string[] => Object.keys(h.services.workflows.workspaces.current('ws')?.definitions.tasks ?? {});

test('a folder that gets its definitions later has them at the next look, though nothing told of it', async () => {
  await h.ask(h.admin, 'POST', '/api/workspaces', { name: 'ws', type: 'folder', path: folder });
  write('later');
  expect(tasks()).toEqual([]);
  vi.advanceTimersByTime(LOOK_MS);
  await until(() => tasks().includes('later'));
});

test('a repository is asked as often as poll_interval_s says, and not more often', async () => {
  const git = (...args: string[]): void => {
    const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
    execFileSync('git', ['-C', folder, ...as, ...args], { stdio: 'ignore' });
  };
  const commit = (task: string): void => {
    write(task);
    git('add', '-A');
    git('commit', '--quiet', '-m', task);
  };
  git('init', '--quiet');
  commit('first');
  await h.look('ws', { type: 'git', url: folder });
  const { workspaces } = h.services.workflows;
  const look = vi.spyOn(workspaces, 'look');
  expect(tasks()).toEqual(['first']);
  commit('second');
  const checkedAt = (agoS: number): void => void h.db.prepare('UPDATE workspaces SET checked_at = ?').run(Date.now() - agoS * 1000);
  await h.ask(h.admin, 'PUT', '/api/settings', { poll_interval_s: 600 });
  checkedAt(500);
  vi.advanceTimersByTime(LOOK_MS);
  expect(look).not.toHaveBeenCalled();
  checkedAt(601);
  vi.advanceTimersByTime(LOOK_MS);
  expect(look).toHaveBeenCalledWith('ws');
  await until(() => tasks().includes('second'));
});
