import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkedRunner } from '../../runner/checked-runner.ts';
import { runnerFiles } from '../../runner/runner-files.ts';
import { Spawner } from '../../runner/spawner.ts';
import { makeFiles } from '../life/run-files.ts';
import { markOf, sealOf } from './seal.ts';
import type { RunStatus } from './status.ts';
import { parseStatus } from './status.ts';
import { EXIT_CLAIMED, FULL_NOTE, LIMIT_BLOCKS_PER_MB, RUN_WRAPPER, WRAPPER } from './wrapper.ts';
import type { Order } from './wrapper-argv.ts';
import { argvOf, groupingOf } from './wrapper-argv.ts';

/** The wrapper by itself, in every shell that this machine has, and the native runner: one contract. */
const SHELLS = [['/bin/sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([file = '', ...args]) => spawnSync(file, [...args, '-c', 'exit 0']).status === 0,
);
const WITHOUT_PROC = WRAPPER.replaceAll('/proc/self/fd', '/nowhere');

const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' };
const TOKEN = 'b-token';
const MARK = markOf(TOKEN).toString();
const GROUPING = groupingOf('');
const MIB = 1024 * 1024;
const ID = '22222222-2222-4222-8222-222222222222';

/** Every byte that a line can hold, and what a shell would make something of. */
const HOSTILE = [
  '',
  ' leading and trailing ',
  '\t\ttabs\t',
  '\\',
  'ends in \\',
  '\\n \\0 \\x41 \\\\',
  '$(touch it-ran) `touch it-ran` $HOME \x24{PATH} $((1+1)) $$',
  `'; touch it-ran; '`,
  '"; touch it-ran; "',
  '* ? [a-z]* ~ ~root {a,b} !! # & | ; < > ( )',
  '-n',
  '--',
  '-e \\n',
  '%s %d',
  'A=b',
  Array.from({ length: 0x2fff }, (_, i) => String.fromCodePoint(i + 1))
    .filter((character) => character !== '\n')
    .join('')
    .slice(0, 600),
  '🦊 ﷽ \u202e \ufeff',
  '\ud800 alone',
];

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-wrapper-'));
  folder = join(home, 'run');
  makeFiles(folder);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Ran {
  code: number | null;
  status: RunStatus;
  out: string;
  err: string;
}

interface How {
  environment?: Record<string, string>;
  /** In MiB. */
  limit?: number;
}

/** What carries runs: the wrapper in a shell, or a program of the native runner. */
interface Carrier {
  name: string;
  shell: readonly string[] | null;
  run: (order: Order, how?: How) => Promise<Ran>;
}

const ran = (code: number | null): Ran => {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const status = parseStatus(read('status'), sealOf(TOKEN));
  // What the script printed stands before its end, and here nobody prints after it.
  const printed = (name: 'out' | 'err'): string => {
    const text = read(name);
    if (status.exit === null) return text;
    if (status.ends !== null) expect(status.ends[name]).toBe(Buffer.byteLength(text));
    if (status.ends !== null || status.full.includes(name)) return text;
    expect(text.slice(-MARK.length)).toBe(MARK);
    return text.slice(0, -MARK.length);
  };
  return { code, status, out: printed('out'), err: printed('err') };
};

interface ShellHow extends How {
  text?: string;
  token?: string;
  setsid?: string | null;
}

/** @param how.token what its orders bring. */
async function runShell(shell: readonly string[], order: Order, how: ShellHow = {}): Promise<Ran> {
  const { setsid = GROUPING.setsid } = how;
  const { words, environment } = argvOf(order, how.environment ?? ENVIRONMENT, ENVIRONMENT, { setsid });
  expect(words.join(' ')).not.toContain('secret');
  const [file = '', ...options] = shell;
  const status = openSync(join(folder, 'status'), 'r+');
  const out = openSync(join(folder, 'out'), 'a');
  const err = openSync(join(folder, 'err'), 'a');
  const limit = String((how.limit ?? 0) * LIMIT_BLOCKS_PER_MB);
  const child = spawn(file, [...options, '-c', RUN_WRAPPER, 'toru', 'boot', '', limit, setsid === null ? 'monitor' : '', ...words], {
    cwd: folder,
    env: { ...environment, toru: how.text ?? WRAPPER },
    detached: true,
    stdio: ['ignore', status, status, 'pipe', 'ignore', out, err],
  });
  for (const fd of [status, out, err]) closeSync(fd);
  const [, , , orders] = child.stdio;
  if (orders instanceof Socket) orders.end(how.token ?? `${TOKEN}\n`);
  return ran(await new Promise<number | null>((resolve) => child.once('exit', resolve)));
}

async function runNative(spawner: Spawner, { taskId, directory, script, args }: Order, how: How = {}): Promise<Ran> {
  const { gone } = await spawner.run({
    folder,
    later: folder,
    cgroup: null,
    boot: 'boot',
    token: TOKEN,
    limitBlocks: (how.limit ?? 0) * LIMIT_BLOCKS_PER_MB,
    input: { kind: 'none' },
    directory,
    script,
    args,
    environment: { ...(how.environment ?? ENVIRONMENT), TORU_TASK_ID: taskId },
    secrets: [],
  });
  await gone;
  return ran(null);
}

/** The native runner as it is committed, and once more with the compiler's checks of memory and arithmetic. */
function nativeCarriers(): Carrier[] {
  const carrier = (name: string, files: string[]): Carrier => {
    const spawner = new Spawner({ files });
    afterAll(() => spawner.close());
    return { name, shell: null, run: (order, how) => runNative(spawner, order, how) };
  };
  const prebuilt = runnerFiles().filter((file) => file.includes('/prebuilt/'));
  const checked = checkedRunner();
  return [
    ...(prebuilt.length > 0 ? [carrier('the native runner', prebuilt)] : []),
    ...(checked !== null ? [carrier('the native runner, checked', [checked])] : []),
  ];
}

const CARRIERS: Carrier[] = [
  ...SHELLS.map(
    (shell): Carrier => ({ name: `the wrapper in ${shell.join(' ')}`, shell, run: (order, how) => runShell(shell, order, how) }),
  ),
  ...nativeCarriers(),
];

/** A program of one's own instead of a shell's: what it gets is what it prints. */
const PRINT = `process.stdout.write(JSON.stringify({ args: process.argv.slice(1), env: process.env, cwd: process.cwd(), fds: require('fs').readdirSync('/proc/self/fd').map((fd) => { try { return fd + ' ' + require('fs').readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }).filter((fd) => /run.(out|err|status|claim)/.test(fd)) }))`;

const printing = (args: readonly string[]) => ({
  taskId: ID,
  directory: home,
  script: process.execPath,
  args: ['-e', PRINT, '--', ...args],
});

function makeAnew(): void {
  rmSync(folder, { recursive: true });
  makeFiles(folder);
}

describe.each(CARRIERS)('$name', ({ shell, run }) => {
  it('passes hostile words and variables on as they are', async () => {
    const environment = { ...ENVIRONMENT, TORU_USER: `it's $(me) "and" \\ `, TOKEN: ' `x` ', EMPTY: '', _LOWER_x1: '=a=b' };
    const { out, err, status } = await run(printing(HOSTILE), { environment });
    expect(err).toBe('');
    expect(status).toMatchObject({ exit: { code: 0, signal: null }, drained: true });
    const got = JSON.parse(out);
    // What is no character is sent as one that says so.
    expect(got.args).toEqual(HOSTILE.map((word) => Buffer.from(word).toString()));
    expect(got).toMatchObject({ cwd: home, fds: [], env: { ...environment, TORU_TASK_ID: ID } });
    expect(existsSync(join(home, 'it-ran')), join(home, 'it-ran')).toBe(false);
    expect(existsSync(join(folder, 'it-ran')), join(folder, 'it-ran')).toBe(false);
  });

  it('hands its script no descriptor but the three', async () => {
    const order = { taskId: ID, directory: home, script: '/bin/ls', args: ['/proc/self/fd'] };
    const { out, err } = await run(order);
    expect({ out: out.split('\n').slice(0, 3), err }).toEqual({ out: ['0', '1', '2'], err: '' });
    // What this test was started with may stand there as well, for a shell.
    expect(out).toBe(shell === null ? '0\n1\n2\n3\n' : spawnSync('/bin/ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout);
  });

  it.runIf(shell)('runs nothing and claims nothing without its token', async () => {
    const mark = join(home, 'it-ran');
    const order = { taskId: ID, directory: home, script: '/usr/bin/touch', args: [mark] };
    const { status } = await runShell(shell ?? [], order, { token: '' });
    expect(status).toMatchObject({ identity: null, exit: null });
    expect(existsSync(join(folder, 'claim')), join(folder, 'claim')).toBe(false);
    expect(existsSync(mark), mark).toBe(false);
  });

  it('runs nothing when somebody else has the claim', async () => {
    const mark = join(home, 'it-ran');
    writeFileSync(join(folder, 'claim'), '');
    const { code, status } = await run({ taskId: ID, directory: home, script: '/usr/bin/touch', args: [mark] });
    expect(code).toBe(shell === null ? null : EXIT_CLAIMED);
    expect(status).toMatchObject({ identity: null, exit: null });
    expect(existsSync(mark), mark).toBe(false);
  });

  it.each([{ what: 'as it is' }, { what: 'without /proc to open a pipe’s other end', text: WITHOUT_PROC }])(
    'brings both streams and tells codes from signals, $what',
    async ({ text }) => {
      if (shell === null && text !== undefined) return;
      const script = join(home, 'both.sh');
      const print = `head -c 300000 /dev/zero | tr '\\0' o\nhead -c 200000 /dev/zero | tr '\\0' e >&2`;
      writeFileSync(script, `#!/bin/sh\n${print}\neval "$1"\n`, { mode: 0o755 });
      const ending = (how: string): Promise<Ran> => {
        const order = { taskId: ID, directory: home, script, args: [how] };
        return shell !== null && text !== undefined ? runShell(shell, order, { text }) : run(order);
      };
      const first = await ending('exit 137');
      expect(first.out).toBe('o'.repeat(300_000));
      expect(first.err).toBe('e'.repeat(200_000));
      expect(first.status).toMatchObject({ drained: true });
      // bash writes no note of every signal: there, 137 is taken for one.
      if (shell?.[0]?.includes('bash') !== true) expect(first.status.exit).toEqual({ code: 137, signal: null });
      // A shell says of INT and PIPE what it says of `exit 130` and `exit 141`.
      const signals = ['KILL', 'TERM', 'SEGV', ...(shell === null ? ['INT', 'PIPE', 'HUP', 'USR1', 'ABRT', 'ALRM', 'VTALRM', 'SYS'] : [])];
      for (const signal of signals) {
        makeAnew();
        const { status } = await ending(`trap - ${signal}; kill -${signal} $$`);
        expect(status.exit).toEqual({ code: null, signal: `SIG${signal}` });
        expect(existsSync(join(folder, 'pipe4')), join(folder, 'pipe4')).toBe(false);
      }
    },
  );

  it('obeys no variable of its script, and passes each of them on', async () => {
    const touched = join(home, 'it-obeyed');
    const bad = join(home, 'bad.sh');
    writeFileSync(bad, `touch ${touched}\n`);
    const hostile: Record<string, string> = {
      SHELLOPTS: 'xtrace',
      PS4: `$(touch ${touched})`,
      BASH_ENV: bad,
      ENV: bad,
      IFS: '/',
      LD_PRELOAD: '/nowhere/evil.so',
      LD_LIBRARY_PATH: home,
      GLIBC_TUNABLES: 'glibc.malloc.check=3',
      PATH: home,
      OPTIND: 'x',
      POSIXLY_CORRECT: '1',
      a: 'one letter',
      toru_token: 'mine',
      MAIL_PASSWORD: 'secret',
      LINES_OF: 'two\nlines\n',
      X: 'x'.repeat(128 * 1024 - 3),
    };
    writeFileSync(join(home, 'cat'), `#!/bin/sh\ntouch ${touched}\n`, { mode: 0o755 });
    // What a shell makes of its own variables is not asked here: a program prints what it was given.
    const order = {
      taskId: ID,
      directory: home,
      script: process.execPath,
      args: ['-e', 'process.stdout.write(JSON.stringify(process.env))'],
    };
    const { out, status } = await run(order, { environment: { ...ENVIRONMENT, ...hostile } });
    expect(status).toMatchObject({ exit: { code: 0 }, drained: true });
    expect(existsSync(touched), touched).toBe(false);
    expect(JSON.parse(out)).toMatchObject({ ...hostile, TORU_TASK_ID: ID });
  });

  it.runIf(shell?.[0] === 'bash')('makes a group by itself where the host has no setsid', async () => {
    const script = join(home, 'group.sh');
    writeFileSync(script, '#!/bin/sh\necho kept\n[ "$(ps -o pgid= -p $$ | tr -d " ")" = $$ ] && kill -TERM 0\nexit 3\n', { mode: 0o755 });
    const { out, status } = await runShell(shell ?? [], { taskId: ID, directory: home, script, args: [] }, { setsid: null });
    expect(out).toBe('kept\n');
    expect(status).toMatchObject({ exit: { code: null, signal: 'SIGTERM' }, drained: true });
  });

  it('keeps what fits below the limit', async () => {
    const script = join(home, 'much.sh');
    writeFileSync(script, `#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' o\nexit 3\n`, { mode: 0o755 });
    const { out, status } = await run({ taskId: ID, directory: home, script, args: [] }, { limit: 1 });
    expect(out.slice(0, MIB)).toBe('o'.repeat(MIB));
    expect(out.slice(MIB)).toBe(`\n${FULL_NOTE}\n`);
    expect(status).toMatchObject({ exit: { code: 3 }, full: ['out'], limit: MIB, drained: true });
  });

  it('runs a script without a first line as a shell script, and says why it can’t run what is none', async () => {
    const plain = join(home, 'plain');
    writeFileSync(plain, 'echo "$1"; exit 4\n', { mode: 0o755 });
    const { out, status } = await run({ taskId: ID, directory: home, script: plain, args: ['an argument'] });
    expect({ out, code: status.exit?.code }).toEqual({ out: 'an argument\n', code: 4 });
    const without = join(home, 'without');
    writeFileSync(without, '#!/nowhere/interpreter\n', { mode: 0o755 });
    for (const script of [join(home, 'gone'), without]) {
      makeAnew();
      const failed = await run({ taskId: ID, directory: home, script, args: [] });
      expect(failed.status).toMatchObject({ exit: { code: 127, signal: null }, drained: true });
      expect(failed.err).toContain(script);
    }
  });
});
