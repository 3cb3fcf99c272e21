import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../shared/runs.ts';
import { until } from '../until.ts';
import type { Harness } from './runs-harness.ts';
import { isAliveNow, makeHarness, overBoth } from './runs-harness.ts';

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 400 } });
});
afterEach(() => h.close());

async function run(script: string, args: string[] = []): Promise<Run> {
  const { task_id } = await h.runs.start(h.caller('ada'), { script, args, source: 'api' });
  return h.ended(task_id);
}

/** Starts it and waits until it has printed something that matches. */
async function running(script: string, says: RegExp): Promise<{ task_id: string; pids: number[] }> {
  const { task_id } = await h.runs.start(h.caller('ada'), { script, source: 'api' });
  for (let text = ''; ; ) {
    text = await h.output(task_id);
    if (says.test(text)) return { task_id, pids: [...text.matchAll(/pid (\d+)/g)].map((found) => Number(found[1])) };
    await new Promise((next) => setTimeout(next, 10));
  }
}

describe('a run', () => {
  it('ends in the history with its code, and with all of its output', async () => {
    h.script('hi.sh', '#!/bin/sh\necho hello\nexit 3\n');
    const ended = await run('hi.sh');
    expect(ended).toMatchObject({
      state: 'exited',
      exit_code: 3,
      signal: null,
      reason: null,
      label: 'hi.sh',
      user: 'ada',
      output_bytes: 6,
      disk_bytes: null,
    });
    expect(ended.ended_at).not.toBeNull();
    expect(await h.output(ended.task_id)).toBe('hello\n');
    expect(h.runs.log(ended.task_id).finished).toBe(true);
  });

  it('gets its arguments as they are: no shell reads them', async () => {
    const args = ['$(id)', '`id`', '; echo x', "it's", '', 'a  b', '*', '\n', '-n', 'é👋'];
    const { task_id } = await run('args.sh', args);
    expect(await h.output(task_id)).toBe(args.map((arg) => `[${arg}]\n`).join(''));
  });

  it('gets an allow-listed environment and nothing of the agent’s', async () => {
    h.settings.env_allow.push('SECRET_OF_THE_AGENT');
    const { task_id } = await run('environment.sh');
    const environment = await h.output(task_id);
    expect(environment).toContain(`TORU_TASK_ID=${task_id}\n`);
    expect(environment).toContain('TORU_USER=ada\n');
    expect(environment).toContain('LANG=C.UTF-8\n');
    expect(environment).toContain('SECRET_OF_THE_AGENT=x\n');
    expect(environment).not.toMatch(/ADMIN_PASSWORD|TORU_HOME|TORU_ACTION|toru_/);
    h.settings.env_allow.pop();
    const { task_id: without } = await run('environment.sh');
    expect(await h.output(without)).not.toContain('SECRET_OF_THE_AGENT');
  });

  it('works in its script’s folder', async () => {
    h.script('where.sh', '#!/bin/sh\npwd -P\n');
    const { task_id } = await run('where.sh');
    expect((await h.output(task_id)).trim()).toBe(join(h.home, 'scripts'));
  });

  it('tells death by a signal from an exit code that looks like it', async () => {
    expect(await run('signal.sh', ['KILL'])).toMatchObject({ state: 'exited', exit_code: null, signal: 'SIGKILL' });
    expect(await run('signal.sh', ['TERM'])).toMatchObject({ state: 'exited', exit_code: null, signal: 'SIGTERM' });
    expect(await run('signal.sh', ['SEGV'])).toMatchObject({ state: 'exited', exit_code: null, signal: 'SIGSEGV' });
    expect(await run('exit.sh', ['137'])).toMatchObject({ state: 'exited', exit_code: 137, signal: null });
    expect(await run('exit.sh', ['143'])).toMatchObject({ state: 'exited', exit_code: 143, signal: null });
  });

  it('says what is wrong with a script that can’t start', async () => {
    expect(await run('bad-interpreter.sh')).toMatchObject({
      state: 'exited',
      exit_code: 127,
      reason: expect.stringContaining('/no/such/interpreter'),
    });
    expect(await run('windows.sh')).toMatchObject({ state: 'exited', exit_code: 127, reason: expect.stringContaining('Windows') });
    expect(await run('exit.sh', ['127'])).toMatchObject({ exit_code: 127, reason: null });
    const plain = await run('no-shebang.sh');
    expect(await h.output(plain.task_id)).toContain('no first line');
  });

  it('is refused with a reason when its script goes away before the spawn', async () => {
    h.script('gone.sh', '#!/bin/sh\n');
    rmSync(join(h.home, 'scripts', 'gone.sh'));
    expect(await run('gone.sh')).toMatchObject({ state: 'exited', exit_code: 127, reason: expect.stringContaining('gone') });
  });

  it('loses nothing of a script that opens /dev/stderr', async () => {
    const { task_id } = await run('dev-stderr.sh');
    const words = (await h.output(task_id)).trim().split('\n');
    expect(words.sort()).toEqual(['five', 'four', 'one', 'three', 'two']);
  });

  it('keeps stdout and stderr in the order in which they came', async () => {
    // The script goes on when the last line has been seen: how busy the host is does not matter.
    h.script('alternating.sh', '#!/bin/sh\nwhile read -r i; do echo "out $i"; read -r i; echo "err $i" >&2; done\n');
    h.action({ id: 'alternating', script: 'alternating.sh', stdin: true });
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { action: 'alternating', source: 'page' });
    let expected = '';
    for (let i = 1; i <= 20; i += 1) {
      for (const stream of ['out', 'err']) {
        expected += `${stream} ${i}\n`;
        await h.runs.input(ada, task_id, `${i}\n`);
        await until(() => h.runs.log(task_id).end === expected.length);
      }
    }
    expect(await h.output(task_id)).toBe(expected);
    const chunks = await h.runs.log(task_id).read(0, 1e6);
    expect(chunks.map((chunk) => chunk.stream)).toEqual(Array.from({ length: 20 }, () => ['stdout', 'stderr']).flat());
    await h.runs.cancel(ada, task_id);
    await h.ended(task_id);
  });

  /** Windows and rooms hold one MiB: eight of them pass through in the quick part. */
  const FLOOD_MB = process.env['TORU_TESTS'] === 'quick' ? 8 : overBoth(50, 10);

  it(`brings ${FLOOD_MB} MB byte for byte`, async () => {
    const { task_id, output_bytes } = await run('flood.sh', [String(FLOOD_MB)]);
    expect(output_bytes).toBe(FLOOD_MB * 16384 * 66);
    const log = h.runs.log(task_id);
    const hash = createHash('sha256');
    for (let at = 0; at < log.end; ) {
      const chunks = await log.read(at, 1 << 20);
      for (const chunk of chunks) {
        expect(chunk.from).toBe(at);
        hash.update(chunk.bytes);
        at = chunk.to;
      }
    }
    const file = createHash('sha256').update(readFileSync(join(h.home, 'runs', task_id, 'out')));
    const direct = createHash('sha256');
    for (let i = 0; i < FLOOD_MB * 16384; i += 1)
      direct.update(`${String(i).padStart(8, '0')} the quick brown fox jumps over the lazy dog 0123456789ab\n`);
    const expected = direct.digest('hex');
    expect(file.digest('hex')).toBe(expected);
    expect(hash.digest('hex')).toBe(expected);
  });

  it('brings binary garbage as replacement characters, in order', async () => {
    const { task_id } = await run('binary.sh');
    const all = Buffer.concat(Array.from({ length: 4 }, () => Buffer.from(Array.from({ length: 256 }, (_, i) => i))));
    expect(await h.output(task_id)).toBe(new TextDecoder('utf-8').decode(all));
  });

  it('never publishes half a character, and what stays half becomes U+FFFD', async () => {
    // A piece for each line that it is given, when the one before has been seen: how busy the host is does not matter.
    h.script('pieces.sh', '#!/bin/sh\nwhile read -r piece && [ "$piece" != end ]; do printf "$piece"; done\n');
    h.action({ id: 'pieces', script: 'pieces.sh', stdin: true });
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { action: 'pieces', source: 'page' });
    const log = h.runs.log(task_id);
    const texts: string[] = [];
    let at = 0;
    const take = (): void => {
      for (const chunk of log.readSync(at, 1e6)) {
        at = chunk.to;
        texts.push(new TextDecoder('utf-8').decode(chunk.bytes));
      }
    };
    log.onGrow(take);
    take();
    // Octal bytes, and where the output can be shown up to then: a two-, a three- and a four-byte character, halves that never end.
    const pieces: [piece: string, end: number][] = [
      ['a\\303', 1],
      ['\\251b', 4],
      ['\\342\\202', 4],
      ['\\254c', 8],
      ['\\360\\237', 8],
      ['\\230', 8],
      ['\\200d', 13],
      ['\\303', 13],
      ['e', 15],
      ['\\342\\202', 15],
    ];
    let bytes = 0;
    for (const [piece, end] of pieces) {
      await h.runs.input(ada, task_id, `${piece}\n`);
      bytes += piece.replaceAll(/\\\d{3}/g, '*').length;
      await until(() => statSync(join(h.home, 'runs', task_id, 'out')).size === bytes && log.end >= end);
      expect(log.end).toBe(end);
    }
    await h.runs.input(ada, task_id, 'end\n');
    await h.ended(task_id);
    take();
    expect(texts).toEqual(['a', 'éb', '€c', '😀d', '\uFFFDe', '\uFFFD']);
  });

  it('does not wait for a background child that keeps its pipes', async () => {
    for (const script of ['leaves-silent.sh', 'leaves-behind.sh']) {
      const ended = await run(script);
      expect(ended).toMatchObject({ state: 'exited', exit_code: script === 'leaves-silent.sh' ? 0 : 4 });
      const before = h.runs.log(ended.task_id).end;
      await new Promise((next) => setTimeout(next, 100));
      expect(h.runs.log(ended.task_id).end).toBe(before);
      const pid = Number(/pid (\d+)/.exec(await h.output(ended.task_id))?.[1]);
      expect(isAliveNow(pid), 'the process lives').toBe(true);
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe('standard input', () => {
  it('is empty without an input', async () => {
    const { task_id } = await run('read-stdin.sh');
    expect(await h.output(task_id)).toBe('end\n');
  });

  it('is an input’s text, and then ends', async () => {
    const text = `${'x'.repeat(100_000)}\nsecond\nlast`;
    h.action({
      id: 'text',
      script: 'read-stdin.sh',
      inputs: [{ name: 'words', label: 'Words', type: 'text', multiline: true, max_length: 131_071, pass: { by: 'stdin' } }],
    });
    const { task_id } = await h.runs.start(h.caller('ada'), { action: 'text', inputs: { words: text }, source: 'page' });
    await h.ended(task_id);
    expect(await h.output(task_id)).toBe(`got ${'x'.repeat(100_000)}\ngot second\ngot last\nend\n`);
  });

  it('carries a secret from memory: it is on no disk', async () => {
    const secret = `hunter2-${randomUUID()}`;
    h.script('count.sh', '#!/bin/sh\nwc -c\ncat\n');
    h.action({ id: 'login', script: 'count.sh', inputs: [{ name: 'password', label: 'Password', type: 'secret', pass: { by: 'stdin' } }] });
    const { task_id } = await h.runs.start(h.caller('ada'), {
      action: 'login',
      inputs: { password: secret },
      source: 'page',
      request_id: randomUUID(),
    });
    const ended = await h.ended(task_id);
    expect((await h.output(task_id)).trim()).toBe(String(1 + secret.length));
    expect(ended.inputs).toEqual({ password: '••••••' });
    h.db.pragma('wal_checkpoint(FULL)');
    const files = [
      join(h.home, 'toru.db'),
      join(h.home, 'toru.db-wal'),
      ...readdirSync(join(h.home, 'runs', task_id)).map((name) => join(h.home, 'runs', task_id, name)),
    ];
    for (const file of files) expect(readFileSync(file).includes(secret), file).toBe(false);
  });

  it('takes what a viewer types, until the script ends', async () => {
    h.action({ id: 'talk', script: 'read-stdin.sh', stdin: true });
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { action: 'talk', source: 'page' });
    await h.runs.input(ada, task_id, 'one\ntw');
    await h.runs.input(ada, task_id, 'o\n');
    await until(() => h.runs.log(task_id).end >= 16);
    expect(await h.output(task_id)).toBe('got one\ngot two\n');
    await expect(h.runs.input(h.caller('eve', 'client'), task_id, 'quit\n')).rejects.toMatchObject({ code: 'unknown_task' });
    await h.runs.input(ada, task_id, 'quit\n');
    expect(await h.ended(task_id)).toMatchObject({ state: 'exited', exit_code: 9 });
    await expect(h.runs.input(ada, task_id, 'more\n')).rejects.toMatchObject({ code: 'not_running' });
  });

  it('refuses to pile up what a script does not read', async () => {
    h.action({ id: 'deaf', script: 'forever.sh', stdin: true });
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { action: 'deaf', source: 'page' });
    await until(() => h.runs.log(task_id).end > 0);
    const typing = async (): Promise<void> => {
      for (let i = 0; i < 10; i += 1) await h.runs.input(ada, task_id, 'x'.repeat(60_000));
    };
    await expect(typing()).rejects.toMatchObject({ code: 'input_not_accepted' });
    await h.runs.cancel(ada, task_id);
    await h.ended(task_id);
  });

  it('is refused where the action does not ask for it', async () => {
    const { task_id } = await running('forever.sh', /tick/);
    await expect(h.runs.input(h.caller('ada'), task_id, 'x')).rejects.toMatchObject({ code: 'input_not_accepted' });
    await h.runs.cancel(h.caller('ada'), task_id);
    await h.ended(task_id);
  });
});

describe('cancel', () => {
  it('lets the script say its last words', async () => {
    await h.runs.close();
    await h.restart({ limits: { graceMs: 20_000 } });
    const { task_id } = await running('last-words.sh', /ready/);
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled', exit_code: 5 });
    expect(await h.output(task_id)).toMatch(/^ready\n(Terminated\n)?goodbye\n|^ready\ngoodbye\n/);
    expect(h.audit).toContainEqual({ event: 'run.cancel', outcome: 'ok' });
  });

  it('kills what ignores TERM, after the grace', async () => {
    const { task_id, pids } = await running('stubborn.sh', /pid/);
    await h.runs.cancel(h.caller('ada'), task_id);
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(h.runs.get(h.caller('ada'), task_id).state).toBe('running');
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled', signal: 'SIGKILL' });
    for (const pid of pids) expect(isAliveNow(pid), 'the process lives').toBe(false);
    await h.runs.cancel(h.caller('ada'), task_id);
  });

  it.each([true, false])(
    'leaves no process behind (in a cgroup where there is one: %s): other sessions, orphans, stubborn ones, one without its environment',
    async (cgroups) => {
      await h.runs.close();
      await h.restart({ limits: { graceMs: 400, cgroups } });
      const { task_id, pids } = await running('grandchild.sh', /(pid \d+\n[\s\S]*){6}/);
      expect(pids.length).toBe(6);
      for (const pid of pids) expect(isAliveNow(pid), 'the process lives').toBe(true);
      await h.runs.cancel(h.caller('ada'), task_id);
      expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
      await until(() => pids.every((pid) => !isAliveNow(pid)));
      expect(ofTask(task_id)).toEqual([]);
    },
  );

  it('wins over a start that has not happened yet', async () => {
    const ada = h.caller('ada');
    h.script('mark.sh', `#!/bin/sh\ntouch "${h.home}/it-ran"\nsleep 60\n`);
    const started = await Promise.all(Array.from({ length: 8 }, () => h.runs.start(ada, { script: 'mark.sh', source: 'api' })));
    await Promise.all(started.map(({ task_id }) => h.runs.cancel(ada, task_id)));
    for (const { task_id } of started) expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    for (const { task_id } of started) expect(ofTask(task_id)).toEqual([]);
    // The first may have been on its way; the last was not, and never went.
    expect(existsSync(join(h.home, 'runs', started[7]?.task_id ?? '', 'claim')), ', ').toBe(false);
  });

  it('is for your own runs, and an admin’s for any', async () => {
    const { task_id } = await running('forever.sh', /tick/);
    await expect(h.runs.cancel(h.caller('eve', 'client'), task_id)).rejects.toMatchObject({ code: 'unknown_task' });
    await expect(h.runs.cancel(h.caller('ada'), randomUUID())).rejects.toMatchObject({ code: 'unknown_task' });
    await h.runs.cancel(h.caller('bob', 'admin'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    const ended = await run('exit.sh');
    await expect(h.runs.cancel(h.caller('ada'), ended.task_id)).rejects.toMatchObject({ code: 'not_running' });
  });

  it('is what a timeout does too', async () => {
    h.action({ id: 'limited', script: 'forever.sh', timeout_s: 1 });
    const { task_id } = await h.runs.start(h.caller('ada'), { action: 'limited', source: 'page' });
    expect(await h.ended(task_id)).toMatchObject({ state: 'timed_out', reason: expect.stringContaining('1 second') });
    expect(ofTask(task_id)).toEqual([]);
  });
});

describe('many runs', () => {
  const MANY = overBoth(200, 50);

  it(`${MANY} at once all end with their codes and their whole output, and leave no descriptor open`, async () => {
    h.script('work.sh', '#!/bin/sh\ni=0\nwhile [ $i -lt 50 ]; do echo "$1 line $i"; i=$((i + 1)); done\nexit "$1"\n');
    const ada = h.caller('ada');
    const before = readdirSync('/proc/self/fd').length;
    const started = await Promise.all(
      Array.from({ length: MANY }, (_, i) => h.runs.start(ada, { script: 'work.sh', args: [String(i)], source: 'api' })),
    );
    const ended = await Promise.all(started.map(({ task_id }) => h.ended(task_id)));
    for (const [i, run] of ended.entries()) {
      expect(run).toMatchObject({ state: 'exited', exit_code: i });
      expect(await h.output(run.task_id)).toBe(Array.from({ length: 50 }, (_, line) => `${i} line ${line}\n`).join(''));
    }
    expect(h.runs.list(ada, { limit: 200 }).items.length).toBe(MANY);
    // A log's files close when nobody has read them for two seconds.
    await until(() => readdirSync('/proc/self/fd').length <= before + 8);
  });
});

/** Pids that carry this task's id. */
function ofTask(taskId: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`TORU_TASK_ID=${taskId}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
