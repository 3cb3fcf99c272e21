import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../shared/runs.ts';
import { identify } from '../../process/process-identity.ts';
import { checkedRunner } from '../../runner/checked-runner.ts';
import { runnerFiles, runnerSourceHash } from '../../runner/runner-files.ts';
import type { RunnerOrder } from '../../runner/runner-order.ts';
import { encodeOrder, encodeWord } from '../../runner/runner-order.ts';
import { secretWords } from '../../runner/secret-words.ts';
import { Spawner } from '../../runner/spawner.ts';
import { makeFiles } from '../life/run-files.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** What only the native runner does. What both do stands in wrapper.test.ts, and in the tests of runs, which go over both. */

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 300 } });
});
afterEach(() => h.close());

const NATIVE = makesNative();
const PYTHON = spawnSync('python3', ['-c', '']).status === 0;

function makesNative(): boolean {
  return process.platform === 'linux' && runnerFiles().length > 0;
}

async function start(text: string): Promise<string> {
  h.script('it.sh', text);
  return (await h.runs.start(h.caller('ada'), { script: 'it.sh', source: 'api' })).task_id;
}

const fileOf = (task: string, name: string): string => readFileSync(join(h.home, 'runs', task, name), 'latin1');
const runnerOf = (task: string): number => Number(/^stat (\d+) /m.exec(fileOf(task, 'status'))?.[1]);
const show = (task: string): Run => h.runs.get(h.caller('ada'), task);
const says = (task: string, what: string): Promise<void> => expect.poll(() => h.output(task), { timeout: 20_000 }).toContain(what);
const go = (): void => writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
const WAIT = 'until [ -e "$0.go" ]; do sleep 0.01; done';

/** The first that changes the stream shows a note that is ignored; more of them are more sizes beside each other. */
const PIECES = process.env['TORU_TESTS'] === 'quick' ? 800 : 3000;

describe.runIf(NATIVE)('the order of the two streams', () => {
  const ALTERNATING = Array.from({ length: 100 }, (_, i) => `${i % 2 === 0 ? 'out' : 'err'} ${i}\n`).join('');

  it.each([
    { how: 'a shell', text: '#!/bin/sh\ni=0; while [ $i -lt 100 ]; do echo "out $i"; echo "err $((i + 1))" >&2; i=$((i + 2)); done\n' },
    { how: 'bash', text: '#!/bin/bash\nfor ((i = 0; i < 100; i += 2)); do echo "out $i"; echo "err $((i + 1))" >&2; done\n' },
  ])('is that of the script: $how', async ({ text }) => {
    for (let round = 0; round < 10; round += 1) {
      const task = await start(text);
      await h.ended(task);
      expect(await h.output(task)).toBe(ALTERNATING);
    }
  });

  it.runIf(PYTHON)('is that of the script, whatever it writes at a time', async () => {
    const task = await start(`#!/usr/bin/env python3
import os, random
random.seed(7)
everything = []
for i in range(${PIECES}):
    to = random.choice([1, 2])
    piece = (b'oe'[to - 1:to]) * random.choice([1, 2, 3, 80, 500, 4095])
    os.write(to, piece)
    everything.append(piece)
open(__file__ + '.all', 'wb').write(b''.join(everything))
`);
    expect(await h.ended(task)).toMatchObject({ exit_code: 0 });
    const [output, printed] = [await h.output(task), readFileSync(join(h.home, 'scripts/it.sh.all'), 'latin1')];
    expect(output === printed, `${output.length} of ${printed.length} characters, the same`).toBe(true);
  });

  it('is kept over a restart of the agent, and with a runner that could not look for a while', async () => {
    const task = await start(`#!/bin/sh\necho begin\n${WAIT}\nfor i in 1 2 3 4 5 6 7 8; do echo "out $i"; echo "err $i" >&2; done\n`);
    await says(task, 'begin');
    process.kill(runnerOf(task), 'SIGSTOP');
    go();
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    await h.runs.close();
    process.kill(runnerOf(task), 'SIGCONT');
    await h.restart();
    await h.ended(task);
    expect(await h.output(task)).toBe(`begin\n${[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `out ${i}\nerr ${i}\n`).join('')}`);
  });
});

it.runIf(NATIVE)('is shown all the same where a script has put something in the place of its order', async () => {
  for (const make of ['mkfifo switches', 'mkdir switches', 'echo wrong > switches', 'ln -s /dev/zero switches']) {
    const task = await start(
      `#!/bin/sh\ncd "${h.home}/runs/$TORU_TASK_ID" && ${make}; rm -f plan.json; mkdir plan.json hold\necho out; echo err >&2; echo out\n`,
    );
    expect(await h.ended(task), make).toMatchObject({ exit_code: 0 });
    expect([...(await h.output(task))].sort().join(''), make).toBe([...'out\nerr\nout\n'].sort().join(''));
  }
});

describe.runIf(NATIVE)('a secret that a script prints', () => {
  const SECRET = 'abcabd-s3cr3t-value';
  const HIDDEN = '*'.repeat(SECRET.length);

  async function print(text: string, value = SECRET): Promise<{ task: string; output: string }> {
    h.script('secret.sh', text);
    const pass = { by: 'environment', variable: 'KEY' } as const;
    h.action({ id: 'it', script: 'secret.sh', inputs: [{ name: 'key', label: 'Key', type: 'secret', pass }] });
    const { task_id } = await h.runs.start(h.caller('ada'), { action: 'it', inputs: { key: value }, source: 'page' });
    await h.ended(task_id);
    for (const name of ['out', 'err']) for (const word of secretWords([value])) expect(fileOf(task_id, name)).not.toContain(String(word));
    return { task: task_id, output: await h.output(task_id) };
  }

  it.each([
    { how: 'at once', text: 'printf "<%s>" "$KEY"', shown: `<${HIDDEN}>` },
    { how: 'again and again', text: 'printf "%s%s\\n" "$KEY" "$KEY"', shown: `${HIDDEN}${HIDDEN}\n` },
    { how: 'a byte at a time', text: 'for c in a b c a b d - s 3 c r 3 t - v a l u e; do printf $c; done; echo .', shown: `${HIDDEN}.\n` },
    { how: 'after a false start', text: 'printf "abcabcabd-s3cr3t-value"', shown: `abc${HIDDEN}` },
    { how: 'with a pause in it', text: 'printf "abcabd-"; sleep 0.4; printf "s3cr3t-value!"', shown: `${HIDDEN}!` },
    { how: 'to stderr', text: 'echo "key: $KEY" >&2', shown: `key: ${HIDDEN}\n` },
    {
      // In one write, of which the runner reads 128 KiB first (STREAM_BYTES of runner.c).
      how: 'across what is read at once',
      text: '{ head -c 131066 /dev/zero | tr "\\0" x; printf "%s\\n" "$KEY"; } | dd bs=200000 count=1 iflag=fullblock status=none',
      shown: `${'x'.repeat(131_066)}${HIDDEN}\n`,
    },
    { how: 'in base64', text: 'printf "%s" "$KEY" | base64', shown: `${'*'.repeat(28)}\n` },
    { how: 'in base64 behind one byte', text: 'printf "%s" "u$KEY" | base64', shown: `dW${'*'.repeat(26)}\n` },
    { how: 'in base64 behind two bytes', text: 'printf "%s" "u:$KEY:" | base64', shown: `dTp${'*'.repeat(25)}Og==\n` },
    { how: 'not all of it', text: 'printf "abcabd-s3cr3t-valu"', shown: 'abcabd-s3cr3t-valu' },
  ])('is asterisks on the disk: $how', async ({ text, shown }) => {
    expect((await print(`#!/bin/bash\n${text}\n`)).output).toBe(shown);
  });

  it('is hidden in an address, a form, JSON and long base64', async () => {
    const value = `pa ss/wörd"+${'k'.repeat(120)}`;
    const urlencode = `'${process.execPath}' -p "[encodeURIComponent(process.env.KEY), new URLSearchParams({ k: process.env.KEY }).toString(), JSON.stringify(process.env.KEY)].join(String.fromCharCode(10))"`;
    const { output } = await print(`#!/bin/bash\n${urlencode}\nprintf "%s" "$KEY" | base64\nprintf "%s" "$KEY" | base64 -w 64\n`, value);
    expect(output).toMatch(/^\*+\nk=\*+\n"\*+"\n[*\n]+$/);
  });

  it('is hidden line by line, and however long', async () => {
    const long = 'k'.repeat(3000);
    const { output } = await print('#!/bin/sh\nprintf "%s\\n" "$KEY" | sed "s/^/> /"\n', `first line\n${long}\nlast line`);
    expect(output).toBe(`> ${'*'.repeat(10)}\n> ${'*'.repeat(3000)}\n> ${'*'.repeat(9)}\n`);
  });

  it('is shown when it is shorter than 6 bytes: it would hide ordinary words', async () => {
    expect(await print('#!/bin/sh\necho "no $KEY no"\n', 'hello').then(({ output }) => output)).toBe('no hello no\n');
  });

  it('holds nothing back for long', async () => {
    h.script('prompt.sh', `#!/bin/sh\nprintf "abc"\nuntil [ -e "$0.go" ]; do sleep 0.01; done\necho\n`);
    const pass = { by: 'stdin' } as const;
    h.action({ id: 'it', script: 'prompt.sh', inputs: [{ name: 'key', label: 'Key', type: 'secret', pass }] });
    const { task_id } = await h.runs.start(h.caller('ada'), { action: 'it', inputs: { key: SECRET }, source: 'page' });
    await says(task_id, 'abc');
    writeFileSync(join(h.home, 'scripts/prompt.sh.go'), '');
    expect(await h.ended(task_id)).toMatchObject({ exit_code: 0 });
  });

  it('reaches a script that reads it from standard input, and no file', async () => {
    const big = Array.from({ length: 9000 }, (_, i) => `line ${i}`).join('\n');
    h.script('reads.sh', '#!/bin/sh\nwc -c\n');
    h.action({
      id: 'it',
      script: 'reads.sh',
      inputs: [{ name: 'key', label: 'Key', type: 'secret', max_length: 100_000, pass: { by: 'stdin' } }],
    });
    for (const value of [SECRET, big]) {
      const { task_id } = await h.runs.start(h.caller('ada'), { action: 'it', inputs: { key: value }, source: 'page' });
      expect(await h.ended(task_id)).toMatchObject({ exit_code: 0 });
      expect((await h.output(task_id)).trim()).toBe(String(value.length + 1));
      for (const file of globSync('**', { cwd: join(h.home, 'runs', task_id) })) expect(file).not.toContain('stdin');
    }
  });
});

describe.runIf(NATIVE)('the native runner', () => {
  it('says when the script ended, whatever becomes of its files', async () => {
    const task = await start('#!/bin/sh\ntouch -d "2001-01-01" "$PWD/../runs/$TORU_TASK_ID/status"\nexit 0\n');
    const run = await h.ended(task);
    expect(Math.abs(Date.parse(run.ended_at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it.runIf(PYTHON)('tells an image of memory from a death without one', async () => {
    const crash = 'ulimit -c unlimited; kill -SEGV $$';
    const probe = `import os, subprocess, sys\np = os.fork()\nif p == 0: os.execv('/bin/sh', ['sh', '-c', '${crash}'])\nsys.exit(1 if os.WCOREDUMP(os.waitpid(p, 0)[1]) else 0)`;
    const dumps = spawnSync('python3', ['-c', probe], { cwd: h.home }).status === 1;
    const task = await start(`#!/bin/sh\n${crash}\n`);
    const reason = dumps ? expect.stringContaining('core file') : null;
    expect(await h.ended(task)).toMatchObject({ state: 'exited', signal: 'SIGSEGV', reason });
    expect(await h.ended(await start('#!/bin/sh\nulimit -c 0; kill -SEGV $$\n'))).toMatchObject({ signal: 'SIGSEGV', reason: null });
  });

  it('waits where the disk takes no more, and loses nothing', async () => {
    const task = await start(`#!/bin/sh\necho begin\n${WAIT}\nhead -c 300000 /dev/zero | tr '\\0' x\nexit 4\n`);
    await says(task, 'begin');
    const limit = (size: string): Buffer => execFileSync('prlimit', ['--pid', String(runnerOf(task)), `--fsize=${size}:unlimited`]);
    limit('50000');
    go();
    await expect.poll(() => fileOf(task, 'out').length, { timeout: 20_000 }).toBe(50_000);
    await new Promise((next) => setTimeout(next, 600));
    expect(show(task)).toMatchObject({ state: 'running', exit_code: null });
    limit('unlimited');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 4, reason: null, output_bytes: 300_006 });
    expect(await h.output(task)).toBe(`begin\n${'x'.repeat(300_000)}`);
  });

  it('outlives the process that started it, and the next run gets another one', async () => {
    const task = await start(`#!/bin/sh\necho begin\n${WAIT}\nexit 3\n`);
    await says(task, 'begin');
    const spawner = Number(/^stat \d+ \(.*\) \w (\d+) /m.exec(fileOf(task, 'status'))?.[1]);
    process.kill(spawner, 'SIGKILL');
    await expect.poll(() => identify(spawner, '')).toBeNull();
    const second = await h.runs.start(h.caller('ada'), { script: 'exit.sh', args: ['5'], source: 'api' });
    expect(await h.ended(second.task_id)).toMatchObject({ state: 'exited', exit_code: 5 });
    go();
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 3 });
  });

  it('shows its memory to no other process of its user, and nothing secret to who lists processes', async () => {
    const task = await start(`#!/bin/sh\necho begin\n${WAIT}\n`);
    await says(task, 'begin');
    // /proc belongs to root where a process may not be looked into.
    const owner = execFileSync('stat', ['-c', '%u', `/proc/${runnerOf(task)}/mem`], { encoding: 'latin1' }).trim();
    expect(owner).toBe('0');
    expect(readFileSync(`/proc/${runnerOf(task)}/environ`, 'latin1')).toBe('');
    expect(readFileSync(`/proc/${runnerOf(task)}/cmdline`, 'latin1')).toMatch(/toru-runner-linux-\w+\0running\0$/);
    go();
    await h.ended(task);
  });
});

const CHECKED = checkedRunner();
/** What becomes the script takes a while between its birth and the usual meaning of its signals. */
const LATE = checkedRunner(['-O1', '-DLATE_SCRIPT_MS=1500']);
const PROGRAMS = [{ program: 'as it was built', files: null }, ...(CHECKED === null ? [] : [{ program: 'checked', files: [CHECKED] }])];

describe.runIf(NATIVE).each(PROGRAMS)('a run that is held, $program', ({ files }) => {
  const held: Spawner[] = [];
  afterEach(() => {
    for (const spawner of held.splice(0)) spawner.close();
  });

  async function spawnerNow(program: readonly string[] | null = files): Promise<Spawner> {
    const spawner = new Spawner(program === null ? {} : { files: program });
    held.push(spawner);
    await spawner.program;
    return spawner;
  }

  function orderOf(name: string): RunnerOrder & { args: string[] } {
    const [folder, later] = [join(h.home, 'runs', name), join(h.home, 'runs', `${name}-later`)];
    makeFiles(folder);
    const what = { token: 'token', limitBlocks: 0, input: { kind: 'none' as const }, secrets: [] };
    const script = { directory: '/', script: '/bin/sh', args: ['-c', `echo ran; touch ${h.home}/ran-${name}`], environment: {} };
    return { folder, later, cgroup: null, boot: 'boot', ...what, ...script };
  }

  /** The runners that spawners of this process hold, and the processes that wait there to become scripts. */
  const waiting = (): number[] => {
    const stats = readdirSync('/proc').flatMap((name) => /^(\d+) \((toru-\w+)\) \w (\d+) /.exec(statLine(name))?.slice(1, 4) ?? []);
    const all = Array.from({ length: stats.length / 3 }, (_, i) => stats.slice(i * 3, i * 3 + 3));
    const below = (parents: number[]): number[] =>
      all.filter(([, , parent]) => parents.includes(Number(parent))).map(([pid]) => Number(pid));
    const runners = below(below([process.pid]));
    return [...runners, ...below(runners)];
  };
  const parentOf = (pid: number): number => Number(/^\d+ \(.*\) \w (\d+) /.exec(statLine(String(pid)))?.[1]);
  const isHeld = (): Promise<void> => expect.poll(() => waiting().length, { timeout: 20_000 }).toBeGreaterThan(1);
  const areGone = (pids: number[]): Promise<void> =>
    expect.poll(() => pids.filter((pid) => identify(pid, '') !== null), { timeout: 20_000 }).toEqual([]);
  const ran = (name: string): boolean => existsSync(join(h.home, `ran-${name}`));
  const filesOf = (folder: string): string[] => readdirSync(folder).sort();

  it('has all it needs, starts nothing before the word, and finds its files under either name', async () => {
    for (const renamed of ['at once', 'when it waits']) {
      const spawner = await spawnerNow();
      const order = orderOf(renamed.replaceAll(' ', '-'));
      const run = spawner.hold(order);
      if (renamed === 'when it waits') await isHeld();
      renameSync(order.folder, order.later);
      await isHeld();
      expect(filesOf(order.later)).toEqual(['artifacts', 'err', 'order', 'out', 'status']);
      expect(readFileSync(join(order.later, 'status'), 'latin1').trim()).toBe('');
      await (await run.go()).gone;
      expect(readFileSync(join(order.later, 'out'), 'latin1')).toBe('ran\n');
      expect(ran(renamed.replaceAll(' ', '-'))).toBe(true);
    }
  });

  it('ends without a trace when it is dropped, and when what started it is killed or closed', async () => {
    for (const end of ['drop', 'kill', 'close'] as const) {
      const spawner = await spawnerNow();
      const order = orderOf(end);
      const run = spawner.hold(order);
      const other = spawner.hold(orderOf(`${end}-beside`));
      await isHeld();
      const pids = waiting();
      const parent = parentOf(pids[0] ?? 0);
      other.drop();
      if (end === 'drop') run.drop();
      else if (end === 'kill') {
        process.kill(parent, 'SIGSTOP');
        spawner.close();
        process.kill(parent, 'SIGKILL');
      } else spawner.close();
      await areGone(pids);
      expect(filesOf(order.folder)).toEqual(['artifacts', 'err', 'order', 'out', 'status']);
      expect([ran(end), ran(`${end}-beside`)]).toEqual([false, false]);
    }
  });

  it('runs once, also where what started it died before or after the word', async () => {
    const spawner = await spawnerNow();
    for (const when of ['before', 'after']) {
      const order = orderOf(when);
      order.args.splice(1, 1, `echo ran >> ${h.home}/ran-${when}`);
      const run = spawner.hold(order);
      await isHeld();
      const pids = waiting();
      const parent = parentOf(pids[0] ?? 0);
      if (when === 'before') process.kill(parent, 'SIGKILL');
      const going = run.go();
      if (when === 'after') process.kill(parent, 'SIGKILL');
      await going;
      // Started by another one, it is none of these processes: its file is there before what it writes.
      const written = (): string => (ran(when) ? readFileSync(join(h.home, `ran-${when}`), 'latin1') : '');
      await expect.poll(written, { timeout: 20_000, message: `it ran ${when}` }).not.toBe('');
      await areGone(pids);
      expect(written()).toBe('ran\n');
    }
  });

  it.runIf(LATE)('ends by a signal that its script was sent when it had just been born', async () => {
    const spawner = await spawnerNow([LATE ?? '']);
    const order = orderOf('late');
    const run = spawner.hold(order);
    /** It leads its group, and is no further. */
    const born = (): number =>
      waiting().find((pid, _, all) => all.includes(parentOf(pid)) && / \w \d+ (\d+) /.exec(statLine(String(pid)))?.[1] === String(pid)) ??
      0;
    await expect.poll(born, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
    process.kill(-born(), 'SIGTERM');
    await (await run.go()).gone;
    expect(readFileSync(join(order.folder, 'status'), 'latin1')).toContain(' signal 15 ');
    expect(ran('late')).toBe(false);
  });

  it('is not started by a press whose journal entry can’t be written', async () => {
    await expect.poll(() => readdirSync(join(h.home, 'runs/.spare')).length, { timeout: 20_000 }).toBeGreaterThan(0);
    h.script('never.sh', `#!/bin/sh\ntouch "${h.home}/ran-never"\n`);
    h.db.exec("CREATE TRIGGER full BEFORE INSERT ON task_history BEGIN SELECT RAISE(ABORT, 'no'); END");
    await expect(h.runs.start(h.caller('ada'), { script: 'never.sh', source: 'api' })).rejects.toThrow();
    await areGone(waiting());
    expect(ran('never')).toBe(false);
    expect(readdirSync(join(h.home, 'runs')).filter((name) => name !== '.spare')).toEqual([]);
    h.db.exec('DROP TRIGGER full');
    expect(await h.ended((await h.runs.start(h.caller('ada'), { script: 'never.sh', source: 'api' })).task_id)).toMatchObject({
      exit_code: 0,
    });
  });
});

function statLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}

describe('what is committed beside the source of the native runner', () => {
  it.each(['x64', 'arm64'])('was built from it: %s', (arch) => {
    const program = readFileSync(join(import.meta.dirname, `../../runner/prebuilt/toru-runner-linux-${arch}`));
    const hint = 'the source has changed: run `node agent/runner/build.ts --prebuilt`, which says what it needs';
    expect(program.includes(String(runnerSourceHash())), hint).toBe(true);
    expect(program.length).toBeLessThan(80 * 1024);
  });
});

describe('an order', () => {
  const ORDER: RunnerOrder = {
    folder: '/nowhere',
    later: '/nowhere',
    cgroup: null,
    boot: 'boot',
    token: 'token',
    limitBlocks: 2048,
    input: { kind: 'text', text: 'a secret text' },
    directory: '/',
    script: '/bin/true',
    args: ['one', '', 'three'],
    environment: { PATH: '/bin', EMPTY: '' },
    secrets: [Buffer.from('secret'), Buffer.from('another')],
  };
  const checked = CHECKED;

  const good = (orders: readonly Buffer[]): { status: number | null; good: number; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(checked ?? '', ['orders'], { input: Buffer.concat(orders), encoding: 'utf8' });
    return { status, good: Number(stdout), stderr };
  };

  it.runIf(checked)('is read as it was written, and refused with anything else in it', () => {
    const whole = encodeOrder(ORDER, 1);
    expect(good([whole, whole])).toEqual({ status: 0, good: 2, stderr: '' });
    const changed = (change: (body: Buffer) => Buffer): Buffer => {
      const body = change(Buffer.from(whole.subarray(4)));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(body.length);
      return Buffer.concat([length, body]);
    };
    const shorter = Array.from({ length: whole.length - 4 }, (_, i) => changed((body) => body.subarray(0, i)));
    expect(good(shorter)).toEqual({ status: 0, good: 0, stderr: '' });
    expect(
      good([changed((body) => Buffer.concat([body, Buffer.alloc(1)])), encodeOrder({ ...ORDER, boot: 'two\nlines' }, 1)]),
    ).toMatchObject({
      good: 0,
    });
  });

  it.runIf(checked)('of a folder that is not there fails, and words about runs that nobody holds mean nothing', () => {
    const words = [0, 1, 7, 0xffffffff].flatMap((run) => [encodeWord('go', run), encodeWord('drop', run)]);
    const strange = Buffer.from([8, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0]);
    const short = Buffer.from([4, 0, 0, 0, 2, 0, 0, 0]);
    const input = Buffer.concat([...words, encodeOrder(ORDER, 7), ...words, strange, short, encodeOrder(ORDER, 8), ...words]);
    const { status, stdout, stderr } = spawnSync(checked ?? '', ['spawner'], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').slice(1)).toEqual(['failed 7 2', 'failed 8 2', '']);
  });

  it.runIf(checked)('does no harm, whatever stands in it', () => {
    const whole = encodeOrder(ORDER, 1);
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const orders = Array.from({ length: 20_000 }, () => {
      const order = Buffer.from(whole);
      for (let change = 0; change <= random(4); change += 1) {
        const at = 4 + random(order.length - 8);
        if (random(3) === 0) order.writeUInt32LE([0, 1, 0xffffffff, 0x7fffffff, 65_536, order.length][random(6)] ?? 0, at);
        else order[at] = random(256);
      }
      return order;
    });
    expect(good(orders)).toMatchObject({ status: 0, stderr: '' });
  });
});
