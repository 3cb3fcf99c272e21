import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../shared/version.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { LocalTransport } from '../transports/local-transport.ts';
import { startLocalTransport } from '../transports/local-transport.ts';
import { runCli } from './cli.ts';

let api: ApiHarness;
let transport: LocalTransport;
beforeAll(async () => {
  api = await makeApi();
  transport = await startLocalTransport({ home: api.home, api: api.app, log: { error: () => undefined } });
  api.script('echo.sh', '#!/bin/sh\n# Says its arguments\nfor a in "$@"; do echo "<$a>"; done\n');
  api.script('fail.sh', '#!/bin/sh\necho out; echo err >&2; exit 7\n');
  api.script('killed.sh', '#!/bin/sh\nkill -KILL $$\n');
  api.script('wait.sh', '#!/bin/sh\necho ready\nexec sleep 60\n');
  api.script('escapes.sh', "#!/bin/sh\nprintf 'a\\033[31mred\\033[0m\\033[2J\\033]0;title\\007b\\n'\n");
  api.script('binary.sh', "#!/bin/sh\nprintf '\\377\\000\\303\\n'\n");
  api.script('env.sh', '#!/bin/sh\necho "$LOUD $SECRET" | tr a-z A-Z; echo "$@"\n');
  const action = (body: unknown): Promise<unknown> => api.ask(api.admin, 'POST', '/api/actions', body);
  await action({
    label: 'Echo it',
    script: 'echo.sh',
    inputs: [
      { type: 'text', name: 'text', label: 'Text', required: true },
      { type: 'number', name: 'count', label: 'Count' },
      { type: 'boolean', name: 'loud', label: 'Loud' },
    ],
  });
  await action({
    label: 'Secretive',
    script: 'env.sh',
    inputs: [{ type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'SECRET' } }],
  });
  api.script('talk.sh', '#!/bin/sh\ncat\necho end\n');
  api.script('slow-talk.sh', '#!/bin/sh\nsleep 0.3\nwc -c\n');
  api.script('one-line.sh', '#!/bin/sh\nread -r line; echo "$line"\n');
  for (const id of ['talk', 'slow-talk', 'one-line']) await action({ id, label: id, script: `${id}.sh`, stdin: true });
  await action({ id: 'broken', label: 'Broken', script: 'missing.sh' });
  // As an older Toru stored it, which took every character.
  api.db.prepare('UPDATE quick_actions SET label = ? WHERE id = ?').run('Broken \u001b[31m', 'broken');
});
afterAll(async () => {
  await transport.close();
  await api.close();
});

interface Result {
  code: number;
  out: string;
  err: string;
}

/** The command in this process, with streams of our own. */
async function toru(
  args: string[],
  how: { tty?: boolean; binary?: boolean; input?: string | Buffer; home?: string } = {},
): Promise<Result> {
  const sink = (parts: Buffer[]) => ({
    isTTY: how.tty === true,
    columns: 80,
    write: async (data: string | Uint8Array) => void parts.push(Buffer.from(data)),
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const code = await runCli(args, {
    out: sink(out),
    err: sink(err),
    input: Readable.from(how.input === undefined ? [] : [how.input]),
    keyboard: null,
    env: { TORU_HOME: how.home ?? api.home },
    interrupted: new AbortController().signal,
  });
  return { code, out: Buffer.concat(out).toString(how.binary === true ? 'latin1' : 'utf8'), err: Buffer.concat(err).toString() };
}

/** The command as a process of its own. */
function program(args: string[]): { child: ReturnType<typeof spawn>; ended: Promise<Result & { signal: string | null }> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    env: { ...process.env, TORU_HOME: api.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  return { child, ended: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code: code ?? -1, signal, out, err }))) };
}

describe('help', () => {
  it('lists the commands, and tells of each', async () => {
    const { code, out } = await toru(['--help']);
    expect(code).toBe(0);
    for (const name of [
      'start',
      'agent',
      'status',
      'actions',
      'scripts',
      'run',
      'runs',
      'logs',
      'search',
      'note',
      'cancel',
      'passwd',
      'doctor',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
      const help = await toru([name, '--help']);
      expect(help).toMatchObject({ code: 0, out: expect.stringContaining(`Usage: toru ${name}`) });
      expect((await toru(['help', name])).out).toBe(help.out);
    }
    expect(await toru([])).toMatchObject({ code: 125, out });
    expect(await toru(['--version'])).toMatchObject({ code: 0, out: `${VERSION}\n` });
  });

  it.each([
    [['fly'], '“fly” is not a command', 'toru --help'],
    [['runs', '--colour'], '--colour', 'toru runs --help'],
    [['run'], 'is missing', 'toru run --help'],
    [['status', 'x'], '“x” is no state', 'toru status --help'],
    [['update', 'x'], 'one word too many', 'toru update --help'],
    [['run', 'echo-it', '--input', 'text'], 'NAME=VALUE', 'toru run --help'],
    [['run', 'echo-it', '-i', 'loud=maybe'], 'true or false', 'toru run --help'],
    [['run', '--script', 'echo.sh', '-i', 'a=b'], 'arguments, after --', 'toru run --help'],
    [['logs', 'zzz'], 'No run begins with', 'toru logs --help'],
    [['logs', 'last', '--stream', 'x'], 'stdout or stderr', 'toru logs --help'],
  ])('of %j says what is wrong', async (args, message, help) => {
    const { code, out, err } = await toru(args);
    expect({ code, out }).toEqual({ code: 125, out: '' });
    expect(err).toContain(message);
    expect(err).toContain(help);
  });
});

describe('run', () => {
  it('prints the id, and leaves', async () => {
    const { code, out } = await toru(['run', 'echo-it', '--input', 'text=x=y', '-i', 'count=3', '-i', 'loud=true']);
    expect(code).toBe(0);
    expect(out).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(api.runs.get(api.admin, out.trim())).toMatchObject({
      action: 'echo-it',
      inputs: { text: 'x=y', count: 3, loud: true },
      source: 'cli',
    });
    expect(JSON.parse((await toru(['run', 'echo-it', '-i', 'text=a', '--json'])).out)).toEqual({
      task_id: expect.any(String),
      state: expect.any(String),
    });
  });

  it('follows: output, errors and exit code are the script’s', async () => {
    expect(await toru(['run', '--script', 'fail.sh', '--follow'])).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
    expect(await toru(['run', '-f', '-s', 'echo.sh', '--', '--help', '-f', "it's $HOME"])).toEqual({
      code: 0,
      out: "<--help>\n<-f>\n<it's $HOME>\n",
      err: '',
    });
    expect(await toru(['run', '-fs', 'killed.sh'])).toMatchObject({ code: 137 });
  });

  it('takes a secret from standard input', async () => {
    const { code, out } = await toru(['run', 'secretive', '--input-stdin', 'token', '-f'], { input: 'hunter2\n' });
    expect({ code, out }).toEqual({ code: 0, out: ' HUNTER2\n\n' });
  });

  it('passes standard input and its end on to a run that reads, whole and in order', async () => {
    expect(await toru(['run', 'talk', '-f'], { input: 'one\ntwo' })).toMatchObject({ code: 0, out: 'one\ntwoend\n' });
    expect(await toru(['run', 'talk', '-f'])).toMatchObject({ code: 0, out: 'end\n' });
    const large = 'é€x\n'.repeat(60_000);
    expect((await toru(['run', 'slow-talk', '-f'], { input: large })).out.trim()).toBe(String(Buffer.byteLength(large)));
    // It leaves while there is more to read.
    expect(await toru(['run', 'one-line', '-f'], { input: large })).toMatchObject({ code: 0, out: 'é€x\n' });
    expect(await toru(['run', 'talk', '-f'], { input: Buffer.from([0x61, 0x0a, 0xff]) })).toMatchObject({
      code: 0,
      err: expect.stringContaining('not UTF-8'),
    });
  });

  it('refuses what is no text, instead of passing on another one', async () => {
    expect(await toru(['run', 'secretive', '--input-stdin', 'token'], { input: Buffer.from('caf\xe9', 'latin1') })).toMatchObject({
      code: 125,
      err: expect.stringContaining('not UTF-8'),
    });
  });

  it('fails with 125 and the agent’s words', async () => {
    expect(await toru(['run', 'nothing', '-f'])).toMatchObject({
      code: 125,
      err: expect.stringContaining('There is no action “nothing”.'),
    });
    expect(await toru(['run', 'ehco-it'])).toMatchObject({ code: 125, err: expect.stringContaining('Did you mean echo-it?') });
    expect(await toru(['run', 'echo.sh'])).toMatchObject({ code: 125, err: expect.stringContaining('toru run --script echo.sh') });
    expect(await toru(['stauts'])).toMatchObject({ code: 125, err: expect.stringContaining('Did you mean “status”?') });
    expect(await toru(['run', 'echo-it'])).toMatchObject({
      code: 125,
      err: expect.stringMatching(/“Text” is required\. \[input_required\]/),
    });
    expect(await toru(['run', '-s', '../x'])).toMatchObject({ code: 125, err: expect.stringContaining('[script_outside]') });
    expect(await toru(['status'], { home: '/nonexistent' })).toMatchObject({
      code: 125,
      // Where another user's agent runs on this machine, how to ask that one.
      err: expect.stringMatching(/No agent runs here .*(?:toru start|sudo -u)/),
    });
  });
});

describe('output', () => {
  it('to a terminal loses what a terminal would obey; to a file it is exact', async () => {
    const raw = 'a\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07b\n';
    expect(await toru(['run', '-fs', 'escapes.sh'])).toMatchObject({ out: raw });
    expect(await toru(['run', '-fs', 'escapes.sh'], { tty: true })).toMatchObject({ out: 'a\x1b[31mred\x1b[0mb\n' });
    expect(await toru(['logs', 'last'], { tty: true })).toMatchObject({ out: 'a\x1b[31mred\x1b[0mb\n' });
    expect(await toru(['logs', 'last', '--raw'], { tty: true })).toMatchObject({ out: raw });
    expect(await toru(['run', '-fs', 'binary.sh'], { binary: true })).toMatchObject({ out: '\xff\0\xc3\n' });
  });

  it('of logs: by beginning of the id, by stream, from a cursor', async () => {
    const { task_id } = await api.finished(api.admin, { script: 'fail.sh' });
    expect(await toru(['logs', task_id])).toEqual({ code: 0, out: 'out\n', err: 'err\n' });
    expect(await toru(['logs', task_id.slice(0, 12), '--stream', 'stderr'])).toEqual({ code: 0, out: '', err: 'err\n' });
    expect((await toru(['logs', task_id, '--from', '8'])).out).toBe('');
    expect(await toru(['logs', task_id, '--from', '9'])).toMatchObject({ code: 125, err: expect.stringContaining('[bad_cursor]') });
  });
});

describe('lists', () => {
  it('are tables for a person, without anything that a terminal obeys', async () => {
    const { out } = await toru(['actions']);
    expect(out).toMatch(/^ID +LABEL +SCRIPT +LAST RUN\n/);
    expect(out).toContain('echo-it');
    expect(out).not.toContain('\x1b');
    expect((await toru(['scripts'])).out).toMatch(/echo\.sh +\d+ B +[\d: -]+ +Says its arguments/);
    await api.finished(api.admin, { script: 'fail.sh' });
    expect((await toru(['runs', '-n', '1'])).out).toMatch(/^TASK .*\n[0-9a-f]{8} +[\d: -]+ +exit 7 +\d+ s +admin +fail\.sh\n$/);
    const wide = await toru(['runs'], { tty: true });
    for (const line of wide.out.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('are JSON for a program', async () => {
    for (const name of ['actions', 'scripts', 'runs']) expect(JSON.parse((await toru([name, '--json'])).out)).toBeInstanceOf(Array);
    expect(JSON.parse((await toru(['runs', '--json', '--status', 'exited', '-q', 'fail', '--user', 'admin'])).out)[0]).toMatchObject({
      script: 'fail.sh',
    });
    expect(await toru(['runs', '--status', 'asleep'])).toMatchObject({ code: 125, err: expect.stringContaining('status') });
  });
});

describe('the rest', () => {
  it('cancels', async () => {
    const { out } = await toru(['run', '-s', 'wait.sh']);
    expect(await toru(['cancel', out.trim()])).toMatchObject({ code: 0, out });
    const followed = await toru(['logs', '-f', out.trim()]);
    expect(followed.code).toBe(0);
    await api.finished(api.admin, { script: 'fail.sh' });
    expect(await toru(['cancel', 'last'])).toMatchObject({ code: 125, err: expect.stringContaining('[not_running]') });
  });

  it('shows the status', async () => {
    expect(await toru(['status'])).toMatchObject({ code: 0, out: expect.stringContaining(`pid ${process.pid}`) });
    expect(JSON.parse((await toru(['status', '--json'])).out)).toMatchObject({
      home: api.home,
      scripts_dir: api.scriptsDir,
      running: 0,
      queued: 0,
    });
  });

  it('sets a password: from a pipe, or a generated one', async () => {
    const piped = await toru(['passwd'], { input: 'a whole new one\n' });
    expect(piped).toMatchObject({ code: 0, out: '', err: expect.stringContaining('admin') });
    expect(await api.users.verify('admin', 'a whole new one')).not.toBeNull();
    const { out } = await toru(['passwd', 'ADMIN', '--generate']);
    expect(await api.users.verify('admin', out.trim())).not.toBeNull();
    expect(await toru(['passwd', 'nobody'])).toMatchObject({ code: 125, err: expect.stringContaining('There are admin') });
    expect(await toru(['passwd'], { input: 'sunshine' })).toMatchObject({ code: 125, err: expect.stringContaining('commonest') });
    expect(await toru(['passwd'], { input: 'short' })).toMatchObject({ code: 125, err: expect.stringContaining('at least 8') });
  });

  it('doctor names what is wrong and what fixes it', async () => {
    const plain = api.script('plain.sh', '#!/bin/sh\n', 0o644);
    const { code, out } = await toru(['doctor']);
    expect(out).toContain(`✓ ${api.home} is yours alone`);
    expect(out).toContain('✓ the agent answers');
    expect(out).toContain(`chmod +x ${plain}`);
    // The action whose script is missing.
    expect(out).toMatch(/✗ the action “Broken .*” can't run/);
    expect(code).toBe(1);
    const findings = JSON.parse((await toru(['doctor', '--json'])).out);
    for (const { level, mend } of findings) if (level === 'bad') expect(mend).toEqual(expect.stringMatching(/\S/));
  });

  it('doctor of an open, abandoned home', async () => {
    const home = mkdtempSync(join(tmpdir(), 'toru-doctor-'));
    chmodSync(home, 0o755);
    writeFileSync(join(home, 'agent.key'), '', { mode: 0o644 });
    writeFileSync(join(home, 'config.toml'), 'nonsense = 1\n');
    const { code, out } = await toru(['doctor'], { home });
    expect(code).toBe(1);
    expect(out).toContain(`chmod 700 ${home}`);
    expect(out).toContain(`chmod 600 ${join(home, 'agent.key')}`);
    expect(out).toContain('✗ no agent runs');
    rmSync(home, { recursive: true });
    expect(await toru(['doctor'], { home })).toMatchObject({ code: 1, out: expect.stringContaining('does not exist yet') });
  });
});

describe('as a process', () => {
  it('ends with the script’s exit code', async () => {
    expect(await program(['run', '-fs', 'fail.sh']).ended).toEqual({ code: 7, signal: null, out: 'out\n', err: 'err\n' });
  });

  it('cancels the run that it follows at Ctrl-C, and shows its end', async () => {
    const { child, ended } = program(['run', '-fs', 'wait.sh']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    const { code, err } = await ended;
    expect(err).toMatch(/cancelling/);
    expect(err).toMatch(/cancelled after/);
    expect(code).toBe(143);
  });

  it('stops watching at a second Ctrl-C, and says that the run is being cancelled', async () => {
    api.script('tidies.sh', "#!/bin/sh\ntrap 'echo tidying; sleep 2; exit 3' TERM\necho ready\nwhile :; do sleep 0.1; done\n");
    const { child, ended } = program(['run', '-fs', 'tidies.sh']);
    let out = '';
    child.stdout?.on('data', (piece: Buffer) => {
      out += piece.toString();
      if (out === 'ready\n' || out.endsWith('tidying\n')) child.kill('SIGINT');
    });
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toMatch(/it is being cancelled; how that ends: toru logs -f /);
    expect(err).not.toMatch(/goes on/);
  });

  it('leaves the run alone at Ctrl-C in logs -f', async () => {
    const { task_id } = await api.runs.start(api.admin, { script: 'wait.sh', source: 'cli' });
    const { child, ended } = program(['logs', '-f', task_id]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, out: 'ready\n' });
    expect(api.runs.get(api.admin, task_id).state).toBe('running');
    await api.runs.cancel(api.admin, task_id);
    await expect.poll(() => api.runs.get(api.admin, task_id).state).not.toBe('running');
  });

  it('ends quietly when its reader leaves', async () => {
    api.script('much.sh', '#!/bin/sh\nyes | head -c 5000000\n');
    const { task_id } = await api.finished(api.admin, { script: 'much.sh' });
    const { child, ended } = program(['logs', task_id]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });
});

describe('toru note', () => {
  it('writes one, reads it, shows it in the list, and takes it away', async () => {
    const { out } = await toru(['run', '--script', 'echo.sh', '--follow']);
    expect(out).toBe('');
    const wrote = await toru(['note', 'last', 'disk', 'was', 'full']);
    expect(wrote.code).toBe(0);
    expect(await toru(['note', wrote.out.trim()])).toMatchObject({ code: 0, out: 'disk was full\n' });
    expect((await toru(['runs', '-n', '1'])).out).toMatch(/NOTE\n.*disk was full/);
    expect((await toru(['search', 'was full'])).out).toContain('note: disk was full');
    expect((await toru(['note', 'last', ''])).code).toBe(0);
    expect(await toru(['note', 'last'])).toMatchObject({ code: 0, out: '' });
    expect((await toru(['runs', '-n', '1'])).out).not.toContain('NOTE');
    expect(await toru(['note'])).toMatchObject({ code: 125, err: expect.stringContaining('toru note --help') });
    expect(await toru(['note', 'last', 'x'.repeat(2001)])).toMatchObject({ code: 125, err: expect.stringContaining('2000') });
  });
});

describe('toru search', () => {
  it('finds in names and output, as grep would say it', async () => {
    await toru(['run', '-fs', 'echo.sh', '--', 'a quixotic word']);
    const found = await toru(['search', 'QUIXOTIC']);
    expect(found.code).toBe(0);
    expect(found.out).toMatch(/args: a quixotic word/);
    expect(found.out).toMatch(/^ +3: <a quixotic word>$/m);
    expect(found.out.match(/args:/g)).toHaveLength(1);
    expect(found.err).toMatch(/looked through \d+ runs/);
    expect((await toru(['search', 'quixotic', '--in', 'output'], { tty: true })).out).toContain('\x1b[1;31mquixotic\x1b[0m');
    const lines = (await toru(['search', '--json', 'quixotic', '--since', '1h'])).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['run', 'run', 'match', 'end']);
    expect((await toru(['search', 'quixotic', '--run', 'last'])).out).toContain('<a quixotic word>');
    expect((await toru(['search', '-E', '^<a qui\\w+ word>$', '--in', 'output'])).out).toContain('<a quixotic word>');
    expect(await toru(['search', '-E', '(a'])).toMatchObject({ code: 125, err: expect.stringContaining('without its') });
  });

  it('says when nothing is there, and when it can’t be meant', async () => {
    expect(await toru(['search', 'quixotic', '--case', '--user', 'nobody'])).toMatchObject({ code: 1, out: '' });
    expect(await toru(['search'])).toMatchObject({ code: 125 });
    expect(await toru(['search', 'x', '--since', 'soon'])).toMatchObject({ code: 125 });
    expect((await toru(['search', 'x', '--limit', 'many'])).err).toContain('limit');
  });
});
