import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_SCRIPT_OPTIONS } from '../../shared/limits.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';
import { parseOptions } from './parse-options.ts';
import { outputOf } from './script-output.ts';

let api: ApiHarness;
let ada: Caller;

beforeAll(async () => {
  api = await makeApi();
  ada = await api.caller('ada', 'client');
  api.script('echo.sh', '#!/bin/sh\nprintf "<%s>" "$@"\n');
  api.script(
    'backups.sh',
    '#!/bin/sh\necho x >> ran.txt\nprintf "%s/1\\tThe first of %s\\n%s/2\\n" "$INPUT_SITE" "$INPUT_SITE" "$INPUT_SITE"\n',
  );
  api.script('broken.sh', '#!/bin/sh\necho secret-path >&2\nexit 3\n');
  api.script('env.sh', '#!/bin/sh\nprintf "[\\"%s\\", \\"%s\\", \\"%s\\"]" "$TORU_USER" "$1" "$TOKEN$INPUT_TOKEN$ADMIN_PASSWORD-"\n');
  const site = { type: 'text', name: 'site', label: 'Site', pass: { by: 'argument', flag: '--site' } };
  const from = (script: string, more: object = {}) => ({
    type: 'choice',
    name: 'backup',
    label: 'Backup',
    required: true,
    options_from: { script, uses: ['site'], cache_s: 600, ...more },
  });
  const token = { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'TOKEN' } };
  const make = async (id: string, inputs: object[]): Promise<void> => {
    const made = await api.ask(api.admin, 'POST', '/api/actions', { id, label: id, script: 'echo.sh', allow: 'everyone', inputs });
    expect(made.status, made.text).toBe(201);
  };
  await make('restore', [site, from('backups.sh')]);
  await make('fresh', [site, from('backups.sh', { cache_s: 0 })]);
  await make('broken', [site, from('broken.sh')]);
  await make('env', [site, token, from('env.sh', { args: ['$(id)'] })]);
});
afterAll(() => api.close());

const options = (caller: Caller, action: string, inputs: object = {}, input = 'backup') =>
  api.ask(caller, 'POST', `/api/actions/${action}/options`, { input, inputs });
const runs = (): number => readFileSync(join(api.scriptsDir, 'ran.txt'), 'utf8').length / 2;

it('are what the script says for the answers before, kept for a while, and asked again for others', async () => {
  expect((await options(ada, 'restore', { site: 'nas' })).json).toEqual({
    items: [{ value: 'nas/1', label: 'The first of nas' }, { value: 'nas/2' }],
    next_cursor: null,
  });
  await Promise.all([options(ada, 'restore', { site: 'nas' }), options(ada, 'restore', { site: 'nas' })]);
  expect(runs()).toBe(1);
  await options(ada, 'restore', { site: 'cloud' });
  await options(api.admin, 'restore', { site: 'nas' });
  expect(runs()).toBe(3);
  await options(ada, 'fresh');
  await options(ada, 'fresh');
  expect(runs()).toBe(5);
});

it('are what a press is checked by, on the host', async () => {
  const run = await api.finished(ada, { action: 'restore', inputs: { site: 'nas', backup: 'nas/2' } });
  expect((await api.ask(ada, 'GET', `/api/runs/${run.task_id}/output`)).text).toBe('<--site=nas><nas/2>');
  for (const inputs of [{ site: 'cloud', backup: 'nas/2' }, { backup: 'nas/2' }, { site: 'nas', backup: '; id' }]) {
    const { json } = await api.ask(ada, 'POST', '/api/runs', { action: 'restore', inputs });
    expect(json).toMatchObject({ error: { code: 'input_invalid', input: 'backup' } });
  }
  const request = { action: 'fresh', inputs: { site: 'a', backup: 'a/1' }, request_id: crypto.randomUUID() };
  const answers = await Promise.all([1, 2, 3].map(() => api.ask(ada, 'POST', '/api/runs', request)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(new Set(answers.map(({ json }) => Object(json).task_id)).size).toBe(1);
});

it('say at their field what went wrong, to an admin the whole of it', async () => {
  expect((await options(api.admin, 'broken')).json).toMatchObject({
    error: { code: 'options_failed', input: 'backup', message: expect.stringContaining('ended with code 3: secret-path') },
  });
  const forClient = await options(ada, 'broken');
  expect(forClient.json).toMatchObject({ error: { code: 'options_failed', input: 'backup' } });
  expect(forClient.text).not.toMatch(/secret-path|broken\.sh/);
  const press = await api.ask(ada, 'POST', '/api/runs', { action: 'broken', inputs: { backup: 'x' } });
  expect(press.json).toMatchObject({ error: { code: 'options_failed', input: 'backup' } });
});

it('come of a script that runs as a press would: no shell, no secret, and a client sees nothing of it', async () => {
  expect(Object((await options(ada, 'env', { token: 'hidden' })).json).items).toEqual([
    { value: 'ada' },
    { value: '$(id)' },
    { value: '-' },
  ]);
  const [input] = Object((await api.ask(ada, 'GET', '/api/actions/restore')).json).inputs.slice(-1);
  expect(input.options_from).toEqual({ script: '', args: [], uses: ['site'], cache_s: 600 });
  expect((await options(ada, 'none')).status).toBe(404);
  expect((await options(ada, 'env', {}, 'site')).json).toMatchObject({ error: { code: 'input_undeclared' } });
});

it('are of so many scripts at once for one user; one more is told so at its field, and the next has its slot', async () => {
  const sites = ['1', '2', '3', '4'];
  const answers = await Promise.all(sites.map((site) => options(ada, 'restore', { site })));
  expect(answers.map(({ json }) => Object(json).error ?? 'read')).toEqual([
    'read',
    'read',
    'read',
    expect.objectContaining({ code: 'busy', input: 'backup' }),
  ]);
  expect((await options(ada, 'restore', { site: '4' })).status).toBe(200);
});

it('are declared with a script or a list, and use what is asked before', async () => {
  const make = async (input: object): Promise<unknown> => {
    const inputs = [
      { type: 'secret', name: 's', label: 'S', pass: { by: 'stdin' } },
      { type: 'choice', name: 'c', label: 'C', ...input },
    ];
    return Object((await api.ask(api.admin, 'POST', '/api/actions', { label: 'x', script: 'echo.sh', inputs })).json).error?.field;
  };
  expect(await make({})).toBe('inputs.1.options');
  expect(await make({ options: [{ value: 'a' }], options_from: { script: 'echo.sh' } })).toBe('inputs.1.options');
  expect(await make({ options_from: { script: ' ' } })).toBe('inputs.1.options_from.script');
  expect(await make({ options_from: { script: 'echo.sh', uses: ['s'] } })).toBe('inputs.1.options_from.uses');
  expect(await make({ options_from: { script: 'echo.sh', uses: ['c'] } })).toBe('inputs.1.options_from.uses');
});

describe('the script of options', () => {
  it('is killed with all that it started when its time is over, and when it prints without end', async () => {
    const slow = api.script('slow.sh', '#!/bin/sh\nsleep 61 & echo $! > child.txt\nsleep 61\n');
    expect(await outputOf(slow, [], { PATH: '/usr/bin:/bin' }, { timeoutMs: 300, bytes: 100 })).toEqual({
      problem: 'It took longer than 0.3 s.',
    });
    const child = Number(readFileSync(join(api.scriptsDir, 'child.txt'), 'utf8'));
    await expect.poll(() => isAlive(child), { message: `the child ${child} lives` }).toBe(false);
    const flood = api.script('flood.sh', '#!/bin/sh\nexec yes\n');
    expect(await outputOf(flood, [], { PATH: '/usr/bin:/bin' }, { timeoutMs: 60_000, bytes: 102_400 })).toEqual({
      problem: 'It printed more than 100 KiB.',
    });
  });

  it('does not wait for what it left behind', async () => {
    const leaves = api.script('leaves.sh', '#!/bin/sh\nsleep 61 &\necho one\n');
    expect(await outputOf(leaves, [], { PATH: '/usr/bin:/bin' }, { timeoutMs: 60_000, bytes: 100 })).toEqual({ output: 'one\n' });
  });

  it('does not wait either for what left its group with the pipes in hand', async () => {
    const program = "import os, time\nos.setsid()\nopen('left.txt', 'w').write(str(os.getpid()))\ntime.sleep(61)";
    const left = api.script(
      'left.sh',
      `#!/bin/sh\nrm -f left.txt\npython3 -c "${program}" &\nwhile [ ! -s left.txt ]; do sleep 0.05; done\necho one\n$1\n`,
    );
    const env = { PATH: '/usr/bin:/bin' };
    const pidOf = (): number => Number(readFileSync(join(api.scriptsDir, 'left.txt'), 'utf8'));
    expect(await outputOf(left, [], env, { timeoutMs: 60_000, bytes: 100 })).toEqual({ output: 'one\n' });
    process.kill(pidOf(), 'SIGKILL');
    const waits = api.script('waits.sh', readFileSync(left, 'utf8').replace('$1', 'sleep 61'));
    expect(await outputOf(waits, [], env, { timeoutMs: 2000, bytes: 100 })).toEqual({ problem: 'It took longer than 2 s.' });
    process.kill(pidOf(), 'SIGKILL');
  });
});

describe('what is printed as options', () => {
  it.each([
    ['a\nb\tB it is\r\n\n', [{ value: 'a' }, { value: 'b', label: 'B it is' }]],
    ['', []],
    ['a\na\tagain\n', [{ value: 'a' }]],
    ['["a", {"value": "b", "label": "B"}]', [{ value: 'a' }, { value: 'b', label: 'B' }]],
    ['a\tx\u001b[31m\u202ey\n', [{ value: 'a', label: 'x[31my' }]],
  ])('reads %j', (text, expected) => {
    expect(parseOptions(text)).toEqual(expected);
  });

  it.each([
    ['[1]', 'JSON list'],
    ['[{"label":"x"}]', 'JSON list'],
    ['a\0b', 'can’t be passed'],
    ['x'.repeat(1025), 'more than 1024'],
    [Array.from({ length: MAX_SCRIPT_OPTIONS + 1 }, (_, n) => n).join('\n'), 'more than 1000 options'],
  ])('refuses %.20j…', (text, says) => {
    expect(parseOptions(text)).toContain(says);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
