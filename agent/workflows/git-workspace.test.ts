import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { Workspace } from '../../shared/workflows.ts';
import { checkGit, commitOf } from './git-workspace.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Workspaces from git, by the host's own git and a repository on its disk. */

let h: WorkflowsHarness;
let origin: string;
beforeAll(async () => {
  h = await makeWorkflows();
  origin = mkdtempSync(join(tmpdir(), 'toru-git-'));
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(origin, '.workflows'));
});
afterAll(async () => {
  await h.close();
  rmSync(origin, { recursive: true, force: true });
});

function git(...args: string[]): string {
  const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', origin, ...as, ...args], { encoding: 'utf8' }).trim();
}

/** A task that says this word, in a script of the repository. @returns the commit. */
function commit(word: string, yaml?: string): string {
  const tasks = 'tasks:\n  say:\n    flow:\n      say: { action: say }\n';
  writeFileSync(join(origin, '.workflows/say.yaml'), yaml ?? `actions:\n  say: { type: script, source: say.sh }\n${tasks}`);
  writeFileSync(join(origin, 'say.sh'), `#!/bin/sh\necho "word: ${word}"\necho 'OUTPUT: {"word": "${word}"}'\n`, { mode: 0o755 });
  git('add', '-A');
  git('commit', '--quiet', '-m', word);
  return git('rev-parse', 'HEAD');
}

/** @returns how it stands when it has been looked at: the answer does not wait for a look that takes long. */
async function workspace(method: string, path: string, body?: object): Promise<Workspace> {
  const own = `/api/workspaces/${Object(body).name ?? path.split('/')[3]}`;
  const lookedAt = async (): Promise<unknown> => Object((await h.ask(h.admin, 'GET', own)).json).checked_at ?? null;
  const before = await lookedAt();
  const answer = await h.ask(h.admin, method, path, body);
  expect([answer.status, answer.text]).toEqual([expect.toSatisfy((status: number) => status < 300), expect.any(String)]);
  if (method === 'GET') return z.custom<Workspace>().parse(answer.json);
  await expect.poll(lookedAt).not.toBe(before);
  return z.custom<Workspace>().parse((await h.ask(h.admin, 'GET', own)).json);
}

async function said(ws: string): Promise<unknown> {
  const begun = await h.ask(h.admin, 'POST', `/api/workspaces/${ws}/tasks/say/execute`, { input: {} });
  const job = await h.ended(Object(begun.json).job_id);
  return { state: job.state, revision: job.revision, output: job.steps[0]?.output };
}

test('a repository is a workspace: jobs run its files, and a new commit counts for the next one', async () => {
  const first = commit('one');
  const added = await workspace('POST', '/api/workspaces', { name: 'site', type: 'git', url: origin });
  expect(added).toMatchObject({ type: 'git', url: origin, path: null, revision: first, tasks: 1, problems: [], error: null });
  expect(await said('site')).toEqual({ state: 'completed', revision: first, output: { word: 'one' } });
  const second = commit('two');
  expect(await workspace('POST', '/api/workspaces/site/refresh')).toMatchObject({ revision: second });
  expect(await said('site')).toEqual({ state: 'completed', revision: second, output: { word: 'two' } });
  // What a job ran is there as long as the job is.
  const folder = join(h.home, 'workspaces/site');
  expect(readdirSync(folder).sort()).toEqual([first, second, 'repository'].sort());
  expect(statSync(join(folder, first)).mode & 0o222).toBe(0);
  expect(statSync(join(folder, first, 'say.sh')).mode & 0o777).toBe(0o555);
});

test('a broken commit shows its fault, and the good one goes on', async () => {
  const good = git('rev-parse', 'HEAD');
  const broken = commit('three', 'tasks:\n  say:\n    flow:\n      say: { action: gone }\n');
  const seen = await workspace('POST', '/api/workspaces/site/refresh');
  expect(seen).toMatchObject({ revision: good, seen_revision: broken, problems: [{ file: '.workflows/say.yaml', line: 4 }] });
  expect(await said('site')).toMatchObject({ revision: good, output: { word: 'two' } });
  const fixed = commit('four');
  expect(await workspace('POST', '/api/workspaces/site/refresh')).toMatchObject({ revision: fixed, problems: [] });
  // No job ran the broken one.
  expect(existsSync(join(h.home, 'workspaces/site', broken))).toBe(false);
});

test('a ref is a branch, a tag of either kind or a commit', async () => {
  const four = git('rev-parse', 'HEAD');
  git('tag', 'v1');
  git('tag', '-a', 'v2', '-m', 'the second');
  git('checkout', '--quiet', '-b', 'feature/x');
  const five = commit('five');
  git('checkout', '--quiet', 'main');
  for (const [ref, commitOfIt] of [
    ['v1', four],
    ['v2', four],
    ['feature/x', five],
    [five, five],
    [null, four],
  ] as const)
    expect(await commitOf(origin, ref)).toBe(commitOfIt);
  const changed = await workspace('PATCH', '/api/workspaces/site', { ref: 'feature/x' });
  expect(changed).toMatchObject({ ref: 'feature/x', revision: five });
});

test('an address that is gone, and a ref that never was, are told; what was good goes on', async () => {
  const gone = await workspace('PATCH', '/api/workspaces/site', { ref: 'nowhere' });
  expect(gone.error).toMatch(/no branch and no tag “nowhere”/);
  expect(await said('site')).toMatchObject({ state: 'completed', output: { word: 'five' } });
  const lost = await workspace('PATCH', '/api/workspaces/site', { url: `${origin}-gone`, ref: null });
  expect(lost.error).toMatch(/^git: .*does not (?:exist|appear)/);
  await workspace('PATCH', '/api/workspaces/site', { url: origin });
});

test.each([
  'ext::sh -c touch% /tmp/x',
  '--upload-pack=touch /tmp/x',
  'git@host:--upload-pack=x',
  'https://ada:hunter22@example.org/x.git',
  'relative/path',
  'ssh://-oProxyCommand=x/y',
])('an address that could do something else is refused: %s', async (url) => {
  expect(() => checkGit({ url })).toThrow(expect.objectContaining({ code: 'bad_request' }));
  expect((await h.ask(h.admin, 'POST', '/api/workspaces', { name: 'bad', type: 'git', url })).status).toBe(400);
});

test.each(['--force', 'a..b', 'main:evil', 'main^{/x}', 'a b'])('a ref that could mean something else is refused: %s', (ref) => {
  expect(() => checkGit({ url: origin, ref })).toThrow(expect.objectContaining({ code: 'bad_request' }));
});

test('a workspace that is removed takes its files along, but for those that jobs ran', async () => {
  const used = readdirSync(join(h.home, 'workspaces/site')).filter((name) => name !== 'repository');
  expect((await h.ask(h.admin, 'DELETE', '/api/workspaces/site')).status).toBeLessThan(300);
  const left = readdirSync(join(h.home, 'workspaces/site'));
  expect(left).not.toContain('repository');
  expect(used).toEqual(expect.arrayContaining(left));
});
