import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupingOf } from './grouping.ts';
import type { Order } from './order.ts';
import { argvOf, linesOf as linesFor } from './order.ts';
import { makeFiles } from './run-files.ts';
import { markOf, sealOf } from './seal.ts';
import type { RunStatus } from './status.ts';
import { parseStatus } from './status.ts';
import { EXIT_CLAIMED, RUN_WRAPPER, WRAPPER } from './wrapper.ts';

/** The wrapper by itself, in every shell that this machine has. */
const SHELLS = [['/bin/sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([file = '', ...args]) => spawnSync(file, [...args, '-c', 'exit 0']).status === 0,
);
const WITHOUT_PROC = WRAPPER.replaceAll('/proc/self/fd', '/nowhere');

const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' };
const TOKEN = 'b-token';
const MARK = markOf(TOKEN).toString();
const GROUPING = groupingOf('');
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

const linesOf = (order: Order, environment: Record<string, string>, has: Record<string, string>): string | null =>
  linesFor(order, environment, has, GROUPING);
const wordsOf = (order: Order): string[] => argvOf(order, ENVIRONMENT, ENVIRONMENT, GROUPING).words;

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

/** @param how.input what its orders bring: one, or a part of one. */
async function run(
  shell: readonly string[],
  how: {
    text?: string;
    words?: readonly string[];
    environment?: Record<string, string>;
    input?: string;
    limit?: number;
    monitor?: boolean;
  },
): Promise<Ran> {
  const [file = '', ...options] = shell;
  const status = openSync(join(folder, 'status'), 'r+');
  const out = openSync(join(folder, 'out'), 'a');
  const err = openSync(join(folder, 'err'), 'a');
  const words = [String(how.limit ?? 0), how.monitor === true ? 'monitor' : '', ...(how.words ?? [])];
  const child = spawn(file, [...options, '-c', RUN_WRAPPER, 'toru', 'boot', '', ...words], {
    cwd: folder,
    env: { ...(how.environment ?? ENVIRONMENT), toru: how.text ?? WRAPPER },
    detached: true,
    stdio: ['ignore', status, status, 'pipe', 'ignore', out, err],
  });
  for (const fd of [status, out, err]) closeSync(fd);
  const [, , , orders] = child.stdio;
  if (orders instanceof Socket) orders.end(`${TOKEN}\n${how.input ?? ''}`);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const told = parseStatus(read('status'), sealOf(TOKEN));
  // What the script printed stands before the mark, and here nobody prints after it.
  const printed = (name: 'out' | 'err'): string => {
    const text = read(name);
    if (told.exit === null || told.full.includes(name)) return text;
    expect(text.endsWith(MARK)).toBe(true);
    return text.slice(0, -MARK.length);
  };
  return { code, status: told, out: printed('out'), err: printed('err') };
}

/** A program of one's own instead of a shell's: what it gets is what it prints. */
const PRINT = `process.stdout.write(JSON.stringify({ args: process.argv.slice(1), env: process.env, cwd: process.cwd(), fds: require('fs').readdirSync('/proc/self/fd').map((fd) => { try { return fd + ' ' + require('fs').readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }).filter((fd) => /run.(out|err|status|claim)/.test(fd)) }))`;

const printing = (args: readonly string[]) => ({
  taskId: ID,
  directory: home,
  script: process.execPath,
  args: ['-e', PRINT, '--', ...args],
});

describe.each(SHELLS.map((shell) => ({ name: shell.join(' '), shell })))('the wrapper in $name', ({ shell }) => {
  it('passes hostile words on as they are, and the same ones by argv and by lines', async () => {
    const order = printing(HOSTILE);
    const environment = { ...ENVIRONMENT, TORU_USER: `it's $(me) "and" \\ `, TOKEN: ' `x` ', EMPTY: '', _LOWER_x1: '=a=b' };
    const lines = linesOf(order, environment, ENVIRONMENT);
    const warm = await run(shell, { input: lines ?? '' });
    expect(warm.err).toBe('');
    expect(warm.status).toMatchObject({ exit: { code: 0, signal: null }, drained: true });
    const got = JSON.parse(warm.out);
    // What is no character is sent as one that says so, by both ways.
    expect(got.args).toEqual(HOSTILE.map((word) => Buffer.from(word).toString()));
    expect(got).toMatchObject({ cwd: home, fds: [], env: { ...environment, TORU_TASK_ID: ID } });
    expect(existsSync(join(home, 'it-ran'))).toBe(false);
    expect(existsSync(join(folder, 'it-ran'))).toBe(false);

    rmSync(folder, { recursive: true });
    makeFiles(folder);
    const cold = await run(shell, { words: wordsOf(order) });
    const { TORU_USER: _1, TOKEN: _2, EMPTY: _3, _LOWER_x1: _4, ...base } = got.env;
    expect(JSON.parse(cold.out)).toEqual({ ...got, env: base });
  });

  it('hands its script no descriptor but the three', async () => {
    const order = { taskId: ID, directory: home, script: '/bin/ls', args: ['/proc/self/fd'] };
    const own = spawnSync('/bin/ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout;
    expect(await run(shell, { input: linesOf(order, ENVIRONMENT, ENVIRONMENT) ?? '' })).toMatchObject({ out: own, err: '' });
    rmSync(folder, { recursive: true });
    makeFiles(folder);
    expect(await run(shell, { words: wordsOf(order) })).toMatchObject({ out: own, err: '' });
  });

  it('runs nothing and claims nothing without its whole order', async () => {
    const mark = join(home, 'it-ran');
    const lines = linesOf({ taskId: ID, directory: home, script: '/usr/bin/touch', args: [mark] }, ENVIRONMENT, ENVIRONMENT) ?? '';
    for (const input of ['', lines.slice(0, 1), lines.slice(0, -1), lines.slice(0, -1 - mark.length)]) {
      const { status } = await run(shell, { input });
      expect(status).toMatchObject({ identity: null, exit: null });
      expect(existsSync(join(folder, 'claim'))).toBe(false);
      expect(existsSync(mark)).toBe(false);
    }
    expect((await run(shell, { input: lines })).status).toMatchObject({ exit: { code: 0 }, drained: true });
    expect(existsSync(mark)).toBe(true);
  });

  it('runs nothing when somebody else has the claim', async () => {
    const mark = join(home, 'it-ran');
    writeFileSync(join(folder, 'claim'), '');
    const words = wordsOf({ taskId: ID, directory: home, script: '/usr/bin/touch', args: [mark] });
    expect(await run(shell, { words })).toMatchObject({ code: EXIT_CLAIMED, status: { identity: null, exit: null } });
    expect(existsSync(mark)).toBe(false);
  });

  it.each([
    { name: 'as it is', text: WRAPPER },
    { name: 'without /proc to open a pipe’s other end', text: WITHOUT_PROC },
  ])('brings both streams and tells codes from signals, $name', async ({ text }) => {
    const script = join(home, 'both.sh');
    writeFileSync(script, `#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' o\nhead -c 200000 /dev/zero | tr '\\0' e >&2\n${'eval "$1"'}\n`, {
      mode: 0o755,
    });
    const order = (how: string) => wordsOf({ taskId: ID, directory: home, script, args: [how] });
    const first = await run(shell, { text, words: order('exit 137') });
    expect(first.out).toBe('o'.repeat(300_000));
    expect(first.err).toBe('e'.repeat(200_000));
    expect(first.status).toMatchObject({ drained: true });
    // bash writes no note of every signal: there, 137 is taken for one.
    if (!shell[0]?.includes('bash')) expect(first.status.exit).toEqual({ code: 137, signal: null });
    for (const signal of ['KILL', 'TERM', 'SEGV']) {
      rmSync(folder, { recursive: true });
      makeFiles(folder);
      const { status } = await run(shell, { text, words: order(`kill -${signal} $$`) });
      expect(status.exit).toEqual({ code: null, signal: `SIG${signal}` });
      expect(existsSync(join(folder, 'pipe4'))).toBe(false);
    }
  });

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
    const { words, environment } = argvOf(order, { ...ENVIRONMENT, ...hostile }, ENVIRONMENT, GROUPING);
    expect(words.join(' ')).not.toContain('secret');
    const { out, status } = await run(shell, { words, environment });
    expect(status).toMatchObject({ exit: { code: 0 }, drained: true });
    expect(existsSync(touched)).toBe(false);
    expect(JSON.parse(out)).toMatchObject({ ...hostile, TORU_TASK_ID: ID });
  });

  it.runIf(shell[0] === 'bash')('makes a group by itself where the host has no setsid', async () => {
    const script = join(home, 'group.sh');
    writeFileSync(script, '#!/bin/sh\necho kept\n[ "$(ps -o pgid= -p $$ | tr -d " ")" = $$ ] && kill -TERM 0\nexit 3\n', { mode: 0o755 });
    const { words, environment } = argvOf({ taskId: ID, directory: home, script, args: [] }, ENVIRONMENT, ENVIRONMENT, { setsid: null });
    const { out, status } = await run(shell, { words, environment, monitor: true });
    expect(out).toBe('kept\n');
    expect(status).toMatchObject({ exit: { code: null, signal: 'SIGTERM' }, drained: true });
  });

  it('keeps what fits below the limit', async () => {
    const script = join(home, 'much.sh');
    writeFileSync(script, `#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' o\nexit 3\n`, { mode: 0o755 });
    const { out, status } = await run(shell, { words: wordsOf({ taskId: ID, directory: home, script, args: [] }), limit: 200 });
    expect(out.slice(0, 102_400)).toBe('o'.repeat(102_400));
    expect(out.slice(102_400)).toMatch(/^\n\[toru\].*\n$/);
    expect(status).toMatchObject({ exit: { code: 3 }, full: ['out'], drained: true });
  });
});

describe('an order in lines', () => {
  const order = { taskId: ID, directory: '/d', script: '/d/s', args: ['a'] };
  const with_ = (change: object, environment: Record<string, string> = ENVIRONMENT): string | null =>
    linesOf({ ...order, ...change }, environment, ENVIRONMENT);

  it('is the words, with their number before', () => {
    expect(with_({}, { ...ENVIRONMENT, X: 'y' })).toBe(`9\n${ID}\n/d\n\n\n1\nX=y\n${GROUPING.setsid}\n/d/s\na\n`);
  });

  it('is none where a line can’t carry it, or it is long', () => {
    for (const arg of ['two\nlines', 'trailing\n', '\n', 'a\0b', 'x'.repeat(100_000)]) expect(with_({ args: [arg] })).toBeNull();
    expect(with_({ directory: '/a\nb' })).toBeNull();
    expect(with_({ script: '/a\nb' })).toBeNull();
    expect(with_({ args: Array.from({ length: 100 }, () => 'x') })).toBeNull();
    expect(with_({}, { ...ENVIRONMENT, X: 'a\nb' })).toBeNull();
  });

  it('is none where the environment is another, or a shell minds the variable', () => {
    expect(with_({}, { PATH: ENVIRONMENT.PATH })).toBeNull();
    expect(with_({}, { ...ENVIRONMENT, PATH: '/elsewhere' })).toBeNull();
    for (const name of [
      'IFS',
      'PS4',
      'UID',
      'RANDOM',
      'LC_ALL',
      'BASH_ENV',
      'LD_PRELOAD',
      'OPTIND',
      'a-b',
      '1A',
      'A=B',
      '$(x)',
      'x;y',
      '',
    ]) {
      expect(with_({}, { ...ENVIRONMENT, [name]: '1' }), name).toBeNull();
    }
  });
});
