import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job, Workspace } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Libraries: what workspaces use as `library.item`, from a folder and from git. */

let h: WorkflowsHarness;
let lib: string;
let origin: string;
beforeAll(async () => {
  h = await makeWorkflows();
  h.services.secrets.set(h.admin, 'TOKEN', null, 'token-of-the-host');
  lib = mkdtempSync(join(tmpdir(), 'toru-lib-'));
  origin = mkdtempSync(join(tmpdir(), 'toru-lib-git-'));
  mkdirSync(join(lib, '.workflows'));
  mkdirSync(join(lib, 'scripts'));
  library('one');
}, 120_000);
afterAll(async () => {
  await h.close();
  for (const folder of [lib, origin]) rmSync(folder, { recursive: true, force: true });
});

const YAML = `
secrets: { OWN: never }
connection_types: { db: { host: { type: string, required: true }, port: { type: integer, default: 5432 } } }
connections: { hidden: { host: x } }
actions:
  say: { type: script, source: scripts/say.sh, args: ["{{ input.word }}"], env: { TOKEN: "{{ secret.TOKEN }}" }, input: { word: { type: string, required: true } } }
  both: { type: task, task: twice }
tasks:
  twice:
    input: { word: { type: string } }
    flow:
      first: { action: say, input: { word: "{{ input.word }}" } }
      second: { type: script, script: 'printf "{\\"where\\":\\"%s\\"}" "$(pwd)" > "$TORU_OUTPUT"', depends_on: [first] }
  host: { input: { to: { type: db } }, flow: { s: { action: say, input: { word: "{{ input.to.host }}:{{ input.to.port }}" } } } }
triggers: { never: { type: scheduler, cron: "* * * * *", task: twice, input: { word: x } } }
`;

function library(word: string, yaml = YAML): void {
  writeFileSync(join(lib, '.workflows/lib.yaml'), yaml);
  writeFileSync(join(lib, 'scripts/say.sh'), `#!/bin/sh\nprintf '{"said":"${word} %s","token":%s}' "$1" "\${#TOKEN}" > "$TORU_OUTPUT"\n`);
}

const USER = `
connections: { main: { type: common.db, host: db.local } }
actions: { both: { type: task, task: common.twice } }
tasks:
  direct: { flow: { s: { action: common.say, input: { word: a } } } }
  task: { flow: { s: { action: both, input: { word: b } } } }
  typed: { flow: { s: { type: task, task: common.host, input: { to: main } } } }
`;

async function good<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await h.ask(h.admin, method, path, body);
  expect([answer.status, answer.text]).toEqual([expect.toSatisfy((status: number) => status < 300), expect.any(String)]);
  return Object(answer.json);
}

const workspaces = (): Promise<{ items: Workspace[] }> => good('GET', '/api/workspaces');
async function child(of: Job): Promise<Job> {
  return h.ended(of.steps[0]?.child_job_id ?? '');
}

test('before there is a library, its names are problems at their places', async () => {
  h.write('a.yaml', USER);
  const made = await h.look('ws', { type: 'folder', path: h.folder });
  expect(made.revision).toBeNull();
  expect(made.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
    '2:30 There is no library, and no workspace, “common” on this host that could be read.',
    '3:38 There is no library, and no workspace, “common” on this host that could be read.',
    '5:34 There is no library, and no workspace, “common” on this host that could be read.',
    '7:43 There is no library, and no workspace, “common” on this host that could be read.',
  ]);
});

test('a library in a folder: actions, tasks and connection types, by its name', async () => {
  const made = await h.look('common', { type: 'folder', path: lib, library: true });
  expect(made).toMatchObject({ library: true, problems: [], error: null });
  await expect
    .poll(async () => (await workspaces()).items.find(({ name }) => name === 'ws'))
    .toMatchObject({
      problems: [],
      libraries: [{ name: 'common', revision: made.revision }],
    });
  const direct = await h.ended(await h.execute('direct'));
  expect([direct.state, direct.error, direct.steps[0]?.output]).toEqual(['completed', null, { said: 'one a', token: 17 }]);
  const task = await child(await h.ended(await h.execute('task')));
  expect(task.steps.map(({ action, output }) => [action, output])).toEqual([
    ['common.say', { said: 'one b', token: 17 }],
    ['common.twice.second', { where: h.folder }],
  ]);
  const typed = await child(await h.ended(await h.execute('typed')));
  expect(typed.steps[0]?.output).toMatchObject({ said: 'one db.local:5432' });
});

test('where items come from is told; a library has no tasks, triggers or secrets of its own', async () => {
  const { items } = await good<{ items: { name: string; library: string | null }[] }>('GET', '/api/workspaces/ws/tasks');
  expect(items.map(({ name, library: from }) => [name, from]).sort()).toEqual([
    ['common.host', 'common'],
    ['common.twice', 'common'],
    ['direct', null],
    ['task', null],
    ['typed', null],
  ]);
  expect(await good('GET', '/api/workspaces/ws/tasks/direct')).toMatchObject({ flow: [{ action: 'common.say', library: 'common' }] });
  expect(await good('GET', '/api/workspaces/common/tasks')).toMatchObject({ items: [] });
  expect(await good('GET', '/api/workspaces/common/triggers')).toMatchObject({ items: [] });
  expect(await h.ask(h.admin, 'POST', '/api/workspaces/common/tasks/twice/execute', { input: {} })).toMatchObject({ status: 404 });
});

test('a new revision counts for the next job; the one before stays, read-only, for jobs that began with it', async () => {
  h.write(
    'b.yaml',
    'tasks: { slow: { flow: { ask: { type: approval }, s: { action: common.say, depends_on: [ask], input: { word: c } } } } }',
  );
  await h.load();
  const waiting = await h.execute('slow');
  await h.until(waiting, ({ state }) => state === 'suspended');
  library('two');
  const now = await h.look('common');
  await expect
    .poll(async () => (await workspaces()).items.find(({ name }) => name === 'ws')?.libraries)
    .toEqual([{ name: 'common', revision: now.revision }]);
  await good('POST', `/api/jobs/${waiting}/steps/ask/approve`, { approved: true });
  expect((await h.ended(waiting)).steps[1]?.output).toMatchObject({ said: 'one c' });
  expect((await h.ended(await h.execute('direct'))).steps[0]?.output).toMatchObject({ said: 'two a' });
  const copies = join(h.home, 'workspaces/common');
  expect(readdirSync(copies).length).toBe(2);
  for (const copy of readdirSync(copies)) expect(statSync(join(copies, copy, 'scripts/say.sh')).mode & 0o222).toBe(0);
});

test('a broken library never replaces a good one', async () => {
  library('three', `${YAML}\n  broken: {`);
  const broken = await h.look('common');
  expect(broken.problems.length).toBeGreaterThan(0);
  await h.load();
  expect((await h.ended(await h.execute('direct'))).steps[0]?.output).toMatchObject({ said: 'two a' });
  library('two');
  await h.look('common');
});

test('an item that a library does not have, and an input that its action does not have', async () => {
  h.write('c.yaml', 'tasks: { x: { flow: { a: { action: common.sya }, b: { action: common.say, input: { wrod: 1 } } } } }');
  const { problems, revision } = await h.look('ws');
  expect([revision, problems.map(({ column, message, next }) => `${column} ${message} ${next}`)]).toEqual([
    expect.any(String),
    [
      '36 “common” has no action “sya”. Did you mean “common.say”?',
      '84 “wrod” is no input of the action “common.say”. Did you mean “word”?',
    ],
  ]);
  rmSync(join(h.folder, '.workflows/c.yaml'));
  await h.load();
});

test('libraries that need each other are refused', async () => {
  const other = join(origin, 'other');
  mkdirSync(join(other, '.workflows'), { recursive: true });
  writeFileSync(join(other, '.workflows/o.yaml'), 'tasks: { o: { flow: { s: { action: common.say, input: { word: o } } } } }');
  expect(await h.look('other', { type: 'folder', path: other, library: true })).toMatchObject({ problems: [] });
  library('two', `${YAML.replace('\ntriggers', '\n  circle: { flow: { s: { type: task, task: other.o } } }\ntriggers')}`);
  // The watcher of folders may look at the same time.
  const problems = async (): Promise<unknown> => (await h.look('common')).problems;
  await expect
    .poll(problems, { timeout: 60_000 })
    .toMatchObject([{ message: 'The library “other” needs this one itself: libraries can’t need each other.' }]);
  library('two');
  await expect.poll(problems, { timeout: 60_000 }).toEqual([]);
  h.write('d.yaml', 'tasks: { through: { flow: { s: { type: task, task: other.o } } } }');
  await h.load();
  expect((await child(await h.ended(await h.execute('through')))).steps[0]?.output).toMatchObject({ said: 'two o' });
});

test('a library from git, at a tag', async () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', origin, '-c', 'user.name=Ada', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false', ...args], {
      encoding: 'utf8',
    });
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(origin, '.workflows'));
  writeFileSync(join(origin, '.workflows/a.yaml'), 'actions: { hello: { type: script, source: hello.sh } }');
  writeFileSync(join(origin, 'hello.sh'), 'echo \'OUTPUT: {"v":1}\'\n');
  git('add', '.workflows', 'hello.sh');
  git('commit', '--quiet', '-m', 'one');
  git('tag', 'v1');
  writeFileSync(join(origin, 'hello.sh'), 'echo \'OUTPUT: {"v":2}\'\n');
  git('commit', '--quiet', '-am', 'two');
  expect(await h.look('fromgit', { type: 'git', url: origin, ref: 'v1', library: true })).toMatchObject({ problems: [], error: null });
  h.write('e.yaml', 'tasks: { hello: { flow: { s: { action: fromgit.hello } } } }');
  await h.load();
  expect((await h.ended(await h.execute('hello'))).steps[0]?.output).toEqual({ v: 1 });
});

test('an action of another workspace runs there: in its folder, with its secrets and connections', async () => {
  const jobs = join(origin, 'jobs');
  mkdirSync(join(jobs, '.workflows'), { recursive: true });
  writeFileSync(join(jobs, 'marker.txt'), 'marked');
  writeFileSync(
    join(jobs, '.workflows/j.yaml'),
    `
secrets: { OWN: "{{ secret.THEIRS }}" }
connection_types: { db: { host: { type: string } } }
connections: { main: { type: db, host: their.host } }
actions:
  cat:
    type: script
    script: 'printf "{\\"said\\":\\"%s %s %s\\"}" "$(cat marker.txt)" "\${#OWN}" "$HOST" > "$TORU_OUTPUT"'
    env: { OWN: "{{ secret.OWN }}", HOST: "{{ input.to.host }}" }
    input: { to: { type: db, default: main } }
`,
  );
  h.services.secrets.set(h.admin, 'THEIRS', 'jobs', 'sixteen-letters!');
  h.write(
    'f.yaml',
    'actions: { mine: { type: script, script: "true" } }\ntasks: { cross: { flow: { s: { action: jobs.cat, input: { to: main } } } } }',
  );
  await h.look('ws');
  expect(await h.look('jobs', { type: 'folder', path: jobs })).toMatchObject({ error: null });
  await expect.poll(async () => (await workspaces()).items.flatMap(({ problems }) => problems)).toEqual([]);
  const job = await h.ended(await h.execute('cross'));
  expect([job.error, job.steps[0]?.output]).toEqual([null, { said: 'marked 16 their.host' }]);
  // Each names the other: neither is read without end.
  writeFileSync(join(jobs, '.workflows/back.yaml'), 'tasks: { back: { flow: { s: { action: ws.mine } } } }');
  expect(await h.look('jobs')).toMatchObject({ problems: [], libraries: [{ name: 'ws' }] });
  const { revision } = await h.look('ws');
  expect((await h.look('ws')).revision).toBe(revision);
});
