import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SizeNotes } from '../../../shared/terminal/size-notes.ts';
import type { Harness } from '../runs-harness.ts';
import { isAliveNow, makeHarness } from '../runs-harness.ts';

/** Runs in a terminal: real programs that ask, draw and are resized, over both carriers. */

const CHECK_MS = 100;
const PYTHON = '/usr/bin/python3';

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { checkMs: CHECK_MS, graceMs: 2000 } });
});
afterEach(() => h.close());

const ada = () => h.caller('ada');
async function start(text: string, more: Record<string, unknown> = {}, inputs: Record<string, unknown> = {}): Promise<string> {
  h.script('it.sh', text);
  h.action({ id: 'it', script: 'it.sh', tty: true, ...more });
  return (await h.runs.start(ada(), { action: 'it', source: 'page', inputs })).task_id;
}
const shown = (task: string) => h.runs.get(ada(), task);
const type = (task: string, data: string) => h.runs.input(ada(), task, data);
const patient = { interval: 10, timeout: 60_000 };
const waits = (task: string) => expect.poll(() => shown(task).waiting_for_input, { ...patient, message: 'it waits' }).toBe(true);
const prints = (task: string, text: string | RegExp) => {
  const polled = expect.poll(() => h.output(task), patient);
  return typeof text === 'string' ? polled.toContain(text) : polled.toMatch(text);
};

describe('a run in a terminal', () => {
  it('has a terminal for all three streams, its variables, its folder, and ends with its own code', async () => {
    const task = await start(
      `#!/bin/sh
[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty
echo "$TERM $COLORTERM $INPUT_NAME $TORU_TASK_ID \${TTY_PATH-none} $1"
[ "$PWD" = "$(pwd)" ] && echo same
: </dev/tty && echo "own terminal"
stty size
exit 3
`,
      { inputs: [{ type: 'text', name: 'name', label: 'Name', pass: { by: 'environment', variable: 'INPUT_NAME' } }], args: ['one two'] },
      { name: 'a "b" $c' },
    );
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 3, reason: null, tty: true, stdin: true });
    const lines = (await h.output(task)).split('\r\n');
    expect(lines[0]).toMatch(/^\/dev\/(pts\/|tty)/);
    expect(lines.slice(1)).toEqual([`xterm-256color truecolor a "b" $c ${task} none one two`, 'same', 'own terminal', '24 80', '']);
  });

  it('asks with read -p, says that it waits, and shows what was typed', async () => {
    const task = await start('#!/bin/bash\nread -r -p "Name: " name\necho "hello $name"\n');
    await waits(task);
    expect(shown(task).input_hidden).toBeUndefined();
    await type(task, 'Ada\r');
    await h.ended(task);
    expect(await h.output(task)).toBe('Name: Ada\r\nhello Ada\r\n');
    expect(shown(task).waiting_for_input).toBeUndefined();
  });

  it('asks for a password, which shows nowhere', async () => {
    const task = await start(`#!${PYTHON}\nimport getpass\np = getpass.getpass("Password: ")\nprint("length", len(p))\n`);
    await waits(task);
    expect(shown(task).input_hidden).toBe(true);
    await type(task, 'correct horse\r');
    await h.ended(task);
    expect(await h.output(task)).toBe('Password: \r\nlength 13\r\n');
    for (const { event } of h.audit) expect(event).toBe('run.start');
  });

  it('goes on after a restart of the agent, for the next answer, with the same bytes', async () => {
    const task = await start('#!/bin/bash\nread -r -p "one: " a\nread -r -p "two: " b\necho "<$a$b>"\n');
    await waits(task);
    await type(task, '1\r');
    await prints(task, 'two: ');
    await h.runs.close();
    await h.restart();
    await waits(task);
    await type(task, '2\r');
    await h.ended(task);
    expect(await h.output(task)).toBe('one: 1\r\ntwo: 2\r\n<12>\r\n');
  });

  it('outlives kill -9 of the agent and its group, in the middle of what it typed', async () => {
    const home = mkdtempSync(join(tmpdir(), 'toru-tty-'));
    const program = join(import.meta.dirname, '../crashing-tty-harness.ts');
    const agent = spawn(process.execPath, ['--no-warnings', program, home, h.runner], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const gone = new Promise((resolve) => agent.once('close', resolve));
    const waiting = await new Promise<string>((resolve) => {
      agent.stdout.on('data', (data) => {
        const id = /waits (\S+)/.exec(String(data))?.[1];
        if (id !== undefined) resolve(id);
      });
    });
    process.kill(-(agent.pid ?? 0), 'SIGKILL');
    await gone;
    // It died while it wrote: half a message is in the pipe.
    const pipe = openSync(join(home, 'runs', waiting, 'stdin'), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(pipe, '{"data":"lo');
    closeSync(pipe);
    const after = makeHarness({ limits: { checkMs: CHECK_MS } }, home);
    try {
      await after.runs.recover();
      const ada = after.caller('ada');
      await after.runs.input(ada, waiting, '1\r');
      await expect.poll(() => after.output(waiting), patient).toContain('two: ');
      await after.runs.input(ada, waiting, '2\r');
      expect(await after.ended(waiting)).toMatchObject({ state: 'exited', exit_code: 5 });
      expect(await after.output(waiting)).toBe('one: 1\r\ntwo: 2\r\n<12>\r\n');
    } finally {
      await after.close();
    }
  });

  it('has keys: Ctrl-C interrupts, and Ctrl-D ends what is read', async () => {
    const caught = await start('#!/bin/bash\ntrap "echo caught; exit 7" INT\necho ready\nwhile :; do sleep 0.05; done\n');
    await prints(caught, 'ready');
    await type(caught, '\u0003');
    expect(await h.ended(caught)).toMatchObject({ state: 'exited', exit_code: 7 });
    const read = await start('#!/bin/sh\ncat\necho over\n');
    await waits(read);
    await h.runs.input(ada(), read, 'line\r');
    await prints(read, /line\r\nline\r\n/);
    await h.runs.input(ada(), read, '', true);
    await h.ended(read);
    expect(await h.output(read)).toBe('line\r\nline\r\nover\r\n');
  });

  it('is resized, which stands in its output where it happened', async () => {
    const task = await start('#!/bin/bash\ntrap "stty size; exit" WINCH\necho ready\nwhile :; do sleep 0.05; done\n');
    await prints(task, 'ready');
    const viewer = randomUUID();
    await h.runs.resize(ada(), task, { cols: 132, rows: 43, viewer });
    await h.ended(task);
    expect(new SizeNotes().push(await h.output(task))).toEqual(['ready\r\n', { cols: 132, rows: 43, viewer }, '43 132\r\n']);
  });

  it('gets all that is typed at once, in order, however slowly it reads', async () => {
    const task = await start('#!/bin/sh\nstty raw -echo\nprintf ready\nsleep 0.3\nhead -c 200000 | cksum\n');
    await prints(task, 'ready');
    const text = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(9, '0'))
      .join(',')
      .padEnd(200_000, 'x')
      .slice(0, 200_000);
    for (let at = 0; at < text.length; at += 20_000) {
      for (;;) {
        try {
          await type(task, text.slice(at, at + 20_000));
          break;
        } catch (error) {
          if (!(error instanceof Error && 'extra' in error)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    }
    await h.ended(task);
    const task2 = await start(
      `#!${process.execPath}\nprocess.stdout.write(require('child_process').execSync('cksum', { input: ${JSON.stringify(text)} }))\n`,
      {
        tty: false,
      },
    );
    await h.ended(task2);
    expect((await h.output(task)).replace('ready', '').trim()).toBe((await h.output(task2)).trim());
  });

  it('is cancelled with its last words and all that it started', async () => {
    const task = await start(
      '#!/bin/bash\nsleep 300 &\necho "child $!"\ntrap "echo bye; exit 0" TERM\necho ready\nwhile :; do sleep 0.05; done\n',
    );
    await prints(task, 'ready');
    const child = Number(/child (\d+)/.exec(await h.output(task))?.[1]);
    await h.runs.cancel(ada(), task);
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled' });
    expect(await h.output(task)).toContain('bye');
    await expect.poll(() => isAliveNow(child), patient).toBe(false);
  });

  it('says by which signal it died, and when it could not be started', async () => {
    const killed = await start('#!/bin/sh\nkill -KILL $$\n');
    expect(await h.ended(killed)).toMatchObject({ state: 'exited', exit_code: null, signal: 'SIGKILL' });
    const gone = await start('#!/nonexistent/shell\necho no\n');
    expect(await h.ended(gone)).toMatchObject({ exit_code: 127, reason: expect.stringContaining('/nonexistent/shell') });
  });

  it('keeps all of a flood, and its end', async () => {
    const task = await start('#!/bin/sh\nseq 200000\nprintf last\n');
    await h.ended(task);
    const text = await h.output(task);
    expect(text).toBe(`${Array.from({ length: 200_000 }, (_, i) => `${i + 1}\r\n`).join('')}last`);
  });

  it('leaves no name of its terminal behind, and is refused a size without one', async () => {
    const task = await start('#!/bin/sh\nread -r a\n');
    await waits(task);
    expect(readFileSync(join(h.home, 'runs', task, 'tty'), 'utf8')).toMatch(/^\/dev\//);
    await type(task, '\r');
    await h.ended(task);
    expect(() => readFileSync(join(h.home, 'runs', task, 'tty'))).toThrow('ENOENT');
    const plain = await start('#!/bin/sh\nread -r a\n', { tty: false, stdin: true });
    await waits(plain);
    await expect(h.runs.resize(ada(), plain, { cols: 10, rows: 10 })).rejects.toThrow('has no terminal');
    await type(plain, '\n');
    await h.ended(plain);
  });
});
