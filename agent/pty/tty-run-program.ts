import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { LineSplitter } from '../../shared/line-splitter.ts';
import { sizeNote } from '../../shared/terminal/size-notes.ts';
import type { RunSize } from '../../shared/terminal-size.ts';
import { readStat } from '../process/process-identity.ts';
import { InputQueue } from './input-queue.ts';
import { descriptorOf, fileOf, signalName } from './pty.ts';
import type { TtyMessage } from './tty-run.ts';
import { MAX_TTY_LINE, TTY_FILE, ttyMessage, VARIABLE_PREFIX } from './tty-run.ts';

/** So much of the script's output may wait for its carrier; then the script waits. */
const MOST_UNSENT = 256 * 1024;
/** How often it is looked whether a script that waits has ended: its last words are read then. */
const LOOK_MS = 50;
/** Input that the terminal has no room for is offered again after so long. */
const AGAIN_MS = 20;
/** A program that was starting when its terminal got another size is told of it again. */
const TELL_AGAIN_MS = 1000;
/** The library's words where a program could not be started; it ends with 1 then. */
const NOT_STARTED = /^(?:execvp|chdir)\(\d\) failed\.: (.*)\s*$/;
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * Runs a script in a terminal, and passes on what it prints, what is typed, and how it ended: by the same exit code, or the same
 * signal. A stop of the run reaches the script by itself: this program minds none of its signals, so that the script's last words are kept.
 */
export function runInTerminal([folder = '', cols = '', rows = '', script = '', ...args]: readonly string[]): void {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (name.startsWith(VARIABLE_PREFIX) && value !== undefined) env[name.slice(VARIABLE_PREFIX.length)] = value;
  const out = new Socket({ fd: 1, readable: false, writable: true });
  const terminal = pty.spawn(script, args, {
    name: env['TERM'] ?? 'xterm-256color',
    cwd: env['PWD'] ?? process.cwd(),
    cols: Number(cols),
    rows: Number(rows),
    env,
    // Bytes: a character that two reads share would be broken by their decoding.
    encoding: null,
  });
  for (const signal of SIGNALS) process.on(signal, () => undefined);
  note(folder, fileOf(terminal));
  takeInput(terminal, (size) => {
    out.write(sizeNote({ ...size, viewer: size.viewer ?? null }));
    terminal.resize(size.cols, size.rows);
    setTimeout(() => tellAgain(terminal.pid), TELL_AGAIN_MS).unref();
  });

  let exit: { code: number; signal: number } | null = null;
  let first: Buffer | null = null;
  let silent = true;
  let paused = false;
  const look = (): void => {
    if (!paused || exit !== null) return;
    // The library throws away what is unread 200 ms after the end: it is read to the end before.
    if (out.writableLength <= MOST_UNSENT || (process.platform === 'linux' && readStat(terminal.pid) === null)) {
      paused = false;
      terminal.resume();
    } else setTimeout(look, LOOK_MS);
  };
  const pass = (bytes: Buffer): void => {
    silent = false;
    if (out.write(bytes) || out.writableLength <= MOST_UNSENT || paused || exit !== null) return;
    paused = true;
    terminal.pause();
    setTimeout(look, LOOK_MS);
  };
  out.on('drain', look);
  // Nobody carries the run any more: the script hears what it would when a terminal's window is closed.
  out.on('error', () => {
    terminal.kill('SIGHUP');
    process.exit(1);
  });
  terminal.onData((data: unknown) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(String(data));
    if (silent && first === null && NOT_STARTED.test(bytes.toString('latin1'))) {
      first = bytes;
      return;
    }
    if (first !== null) pass(first);
    first = null;
    pass(bytes);
  });
  terminal.onExit(({ exitCode, signal }) => {
    exit = { code: exitCode, signal: signal ?? 0 };
    const [, why] = first === null ? [] : (NOT_STARTED.exec(first.toString()) ?? []);
    if (why !== undefined && exitCode === 1 && exit.signal === 0) {
      exit.code = /no such file/i.test(why) ? NOT_FOUND : NOT_EXECUTABLE;
      process.stderr.write(`toru: ${script}: ${why}\n`);
    } else if (first !== null) pass(first);
    const how = exit;
    out.end(() => endAs(how));
  });
}

function tellAgain(pid: number): void {
  try {
    process.kill(-pid, 'SIGWINCH');
  } catch {
    // It has ended.
  }
}

/** For the agent, which asks the terminal whether what is typed shows. */
function note(folder: string, file: string): void {
  try {
    writeFileSync(join(folder, TTY_FILE), file, { mode: 0o600 });
  } catch {
    // On a full disk the run goes on, and does not say when it waits for an answer.
  }
}

/** Types what comes over standard input. What the script does not read yet waits in the pipe. */
function takeInput(terminal: pty.IPty, resize: (size: RunSize) => void): void {
  const queue = new InputQueue(descriptorOf(terminal));
  const input = new Socket({ fd: 0, readable: true, writable: false });
  const waiting: Buffer[] = [];
  const type = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (!queue.push(first)) {
        input.pause();
        setTimeout(type, AGAIN_MS);
        return;
      }
      waiting.shift();
    }
    input.resume();
  };
  const lines = new LineSplitter(MAX_TTY_LINE, (line, cut) => {
    const message = cut ? null : read(line);
    if (message === null) return;
    if ('data' in message) {
      waiting.push(Buffer.from(message.data));
      if (waiting.length === 1) type();
    } else resize(message);
  });
  input.on('data', (bytes: Buffer) => lines.push(bytes));
  input.on('error', () => undefined);
  terminal.onExit(() => {
    waiting.length = 0;
    queue.close();
    input.destroy();
  });
}

/** Null for half a line of an agent that was killed, and the empty one that follows it. */
function read(line: Uint8Array): TtyMessage | null {
  try {
    return ttyMessage.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}

function endAs({ code, signal }: { code: number; signal: number }): void {
  if (signal === 0) process.exit(code);
  const name = signalName(signal);
  process.removeAllListeners(name);
  try {
    process.kill(process.pid, name);
  } catch {
    // One that this process can't be given: the code says it.
  }
  // A signal takes a moment.
  setTimeout(() => process.exit(128 + signal), LOOK_MS);
}
