import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startLocalTransport } from '../transports/local-transport.ts';
import type { WorkflowsHarness } from '../workflows/workflows-harness.ts';
import { makeWorkflows } from '../workflows/workflows-harness.ts';
import { ranCommand } from './captured-io-harness.ts';

let flow: WorkflowsHarness;
let transport: Awaited<ReturnType<typeof startLocalTransport>>;

beforeAll(async () => {
  flow = await makeWorkflows();
  transport = await startLocalTransport({ api: flow.app, home: flow.home, log: { ...flow.services.log } });
  flow.write(
    'main.yaml',
    'tasks: { work: { input: { n: { type: integer, default: 1 } }, flow: { one: { type: script, script: "echo one; exit $N", env: { N: "{{ input.n }}" } } } } }\n',
  );
});

afterAll(async () => {
  await transport.close();
  await flow.close();
});

const toru = (...args: string[]) => ranCommand(args, { TORU_HOME: flow.home });

it('adds a workspace, executes its task, follows it, shows its job and runs it again', async () => {
  expect(await toru('workspace', 'add', 'ops', flow.folder)).toMatchObject({ code: 0, out: 'ops: 1 task\n' });
  expect((await toru('workspace', 'list')).out).toContain('good');
  expect((await toru('tasks')).out).toContain('ops/work');
  expect(await toru('trigger', 'ops/work', '--input', '{"n": 0}', '--follow')).toMatchObject({
    code: 0,
    out: 'one\n',
    err: expect.stringContaining('completed'),
  });
  expect(await toru('trigger', 'ops/work', '--follow')).toMatchObject({
    code: 1,
    err: expect.stringContaining('one: It ended with exit code 1.'),
  });
  const jobs = await toru('jobs');
  expect(jobs.out).toContain('failed');
  expect(jobs.out).toContain('completed');
  expect((await toru('job', 'last')).out).toContain('one');
  const again = await toru('rerun', 'last', '--from', 'one', '--follow');
  expect(again).toMatchObject({ code: 1, out: 'one\n' });
  expect((await toru('job', 'last')).out).toContain('failed (2)');
});

it('follows what steps of started jobs print, by the names of both, and shows it once', async () => {
  flow.write(
    'started.yaml',
    `tasks:
  outer:
    flow:
      first: { type: script, script: echo first }
      call: { type: task, task: inner, depends_on: [first] }
      last: { type: script, script: 'echo last; exit 3', depends_on: [call] }
  inner:
    flow:
      work: { type: script, script: echo inner }
      deeper: { type: task, task: innermost, depends_on: [work] }
  innermost: { flow: { work: { type: script, script: 'echo innermost; echo problem >&2' } } }
`,
  );
  expect((await toru('workspace', 'refresh', 'ops')).code).toBe(0);
  const followed = await toru('trigger', 'ops/outer', '--follow');
  expect(followed).toMatchObject({ code: 1, out: 'first\ninner\ninnermost\nlast\n' });
  expect(followed.err.split('\n').slice(0, 6)).toEqual([
    'toru: › first',
    'toru: › call › work',
    'toru: › call › deeper › work',
    'problem',
    'toru: › last',
    expect.stringContaining('toru: failed'),
  ]);
  // What was shown by then is not shown by the command that runs a step again.
  expect(await toru('rerun', 'last', '--from', 'last', '--follow')).toMatchObject({ out: 'last\n' });
});

it('says what is wrong with an input, with files, and with a word', async () => {
  expect(await toru('trigger', 'ops/work', '--input', '[1]')).toMatchObject({
    code: 125,
    err: expect.stringContaining('an object in JSON'),
  });
  expect(await toru('trigger', 'ops/work', '--input', '{"m": 1}')).toMatchObject({ code: 125, err: expect.stringContaining('“n”') });
  expect(await toru('trigger', 'work')).toMatchObject({ code: 125, err: expect.stringContaining('WORKSPACE/TASK') });
  flow.write('broken.yaml', 'tasks: { work: { flow: {} } }\n');
  expect(await toru('workspace', 'refresh', 'ops')).toMatchObject({ code: 1, err: expect.stringContaining('broken.yaml:1:') });
  // A task that was just written is not there, and why.
  expect((await toru('trigger', 'ops/written-just-now')).err).toContain(
    'Its files have a problem, and the last good ones count. See: toru workspace refresh ops',
  );
});

it('lists secrets by their names, with whose they are', async () => {
  expect((await toru('secret', 'list')).out).toContain('No secrets');
  flow.services.secrets.set(flow.admin, 'NAS_TOKEN', null, 'correct horse');
  flow.services.secrets.set(flow.admin, 'OF_OPS', 'ops', 'battery staple');
  const { out } = await toru('secret', 'list');
  expect(out).toMatch(/^NAME +WORKSPACE +SET +BY\nNAS_TOKEN +all +\d.* admin\nOF_OPS +ops +\d.* admin\n$/);
});

it('warns of a secret that is too short to be hidden, and of no other', async () => {
  const set = (value: string) => ranCommand(['secret', 'set', 'PIN'], { TORU_HOME: flow.home }, value);
  // In bytes, without the line break of a pipe.
  for (const value of ['12345', '12345\n', 'äö1'])
    expect(await set(value), value).toMatchObject({ code: 0, out: 'PIN\n', err: expect.stringContaining('shorter than 6 bytes') });
  for (const value of ['123456', 'äöü\n']) expect(await set(value), value).toEqual({ code: 0, out: 'PIN\n', err: '' });
  expect((await toru('secret', 'remove', 'PIN')).code).toBe(0);
});

it('schedules an action, lists and fires it, and takes the schedule away', async () => {
  flow.script('say.sh', '#!/bin/sh\necho "$1"\n');
  const inputs = [{ type: 'text', name: 'word', label: 'Word', required: true }];
  await flow.ask(flow.admin, 'POST', '/api/actions', { id: 'say', label: 'Say it', script: 'say.sh', inputs });
  expect(await toru('schedule', 'say', '0 3 * *', '--input', 'word=hi')).toMatchObject({
    code: 125,
    err: expect.stringContaining('4 fields'),
  });
  expect(await toru('schedule', 'say', '0 3 * * *')).toMatchObject({ code: 125, err: expect.stringContaining('Word') });
  expect(await toru('schedule', 'say', '0 3 * * *', '--timezone', 'Europe/Berlin', '--input', 'word=a=b')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^say: runs say, next \d/),
  });
  expect((await toru('schedule', 'list')).out).toContain('Europe/Berlin');
  expect((await toru('triggers', 'quick-actions')).out).toContain('quick-actions/say');
  const { out } = await toru('schedule', 'fire', 'say');
  expect(await flow.ended(out.trim())).toMatchObject({ state: 'completed', source: 'trigger' });
  expect((await toru('triggers', 'disable', 'quick-actions/say')).out).toBe('quick-actions/say is off.\n');
  expect((await toru('schedule', 'list')).out).toContain('off');
  expect((await toru('schedule', 'remove', 'say')).code).toBe(0);
  expect((await toru('schedule', 'list')).out).toContain('No schedules');
});

it('schedules two actions, one after the other, by the name of their task', async () => {
  await flow.ask(flow.admin, 'POST', '/api/chains', { first: 'say', second: 'say', when: 'success' });
  const answers = ['--input', 'first_word=one', '--input', 'second_word=two'];
  expect(await toru('schedule', 'say-then-say', '0 3 * * *', '--input', 'first_word=one')).toMatchObject({
    code: 125,
    err: expect.stringContaining('second_word'),
  });
  expect(await toru('schedule', 'say-then-say', '0 3 * * *', '--timezone', 'UTC', ...answers)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^say-then-say: runs say-then-say, next \d/),
  });
  expect((await toru('schedule', 'list')).out).toMatch(/^say-then-say +say-then-say +0 3 \* \* \* +UTC/m);
  expect((await toru('schedule', 'list', 'say')).out).toContain('No schedules');
  const { out } = await toru('schedule', 'fire', 'say-then-say');
  const job = await flow.ended(out.trim());
  expect(job).toMatchObject({ state: 'completed', source: 'trigger', input: { first_word: 'one', second_word: 'two' } });
  expect(job.steps).toHaveLength(2);
  expect((await toru('schedule', 'remove', 'say-then-say')).out).toBe('say-then-say is removed.\n');
});

it('makes the key of a repository, shows the keys of its server, and trusts the one that was compared', async () => {
  const blob = randomBytes(51).toString('base64');
  const fingerprint = `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`;
  // In the place of OpenSSH's: a server that shows one key.
  const bin = join(flow.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ssh-keyscan'), `#!/bin/sh\necho '[127.0.0.1]:1 ssh-ed25519 ${blob}'\n`);
  chmodSync(join(bin, 'ssh-keyscan'), 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
  try {
    await flow.look('site', { type: 'git', url: 'ssh://git@127.0.0.1:1/site.git' });
    const made = await toru('workspace', 'key', 'site');
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^ssh-ed25519 \S+ toru-site\n$/) });
    expect(made.err).toContain('Then trust its server: toru workspace key site --host');
    const shown = await toru('workspace', 'key', 'site', '--host');
    expect(shown.out).toBe(`[127.0.0.1]:1 ssh-ed25519 ${fingerprint}\n`);
    expect(shown.err).toContain('toru workspace key site --trust FINGERPRINT');
    const wrong = await toru('workspace', 'key', 'site', '--trust', `SHA256:${'A'.repeat(43)}`);
    expect(wrong).toMatchObject({ code: 125, err: expect.stringContaining(`It shows ${fingerprint}`) });
    const known = join(flow.home, 'deploy-keys/site/known_hosts');
    expect(() => readFileSync(known)).toThrow('ENOENT');
    expect(await toru('workspace', 'key', 'site', '--trust', fingerprint)).toMatchObject({ code: 0, out: shown.out, err: '' });
    expect(readFileSync(known, 'utf8')).toBe(`[127.0.0.1]:1 ssh-ed25519 ${blob}\n`);
    const again = await toru('workspace', 'key', 'site');
    expect(again.out).toBe(made.out);
    expect(again.err).not.toContain('--host');
    expect((await toru('workspace', 'key', 'site', '--remove')).out).toContain('The key of site is removed.');
  } finally {
    vi.unstubAllEnvs();
  }
});
