import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ToruError } from '../../../shared/errors.ts';
import { spawned } from '../../process/spawn.ts';
import type { RunnerOrder } from '../../runner/runner-order.ts';
import type { Carrier } from '../../runner/spawner.ts';
import { feed, HOLD_FILE, STDIN_FILE } from './typed-input.ts';
import { RUN_WRAPPER, WRAPPER } from './wrapper.ts';
import { argvOf, groupingOf, wrapperEnvironment } from './wrapper-argv.ts';

/** The descriptors of a script's standard input. */
interface ScriptInput {
  reader: number | 'ignore';
  /** The writing end, where viewers may type. */
  writer: number | 'ignore';
  /** Where the agent writes a text that the script is to read. */
  feeder: number | null;
}

/**
 * Starts a run by the shell wrapper, in a session of its own. The script starts from argv, never through a shell's parser. The
 * folder and its files must have been made.
 * @param host the environment that every script of this host gets. @returns what carries the run.
 * @throws ToruError spawn_failed, with the reason; nothing runs then.
 */
export async function launchWrapper(order: RunnerOrder, host: Readonly<Record<string, string>>): Promise<Carrier> {
  // The wrapper's shell sets PWD itself, and gives TORU_TASK_ID to the script alone.
  const { TORU_TASK_ID: taskId = '', PWD, ...variables } = order.environment;
  const environment = PWD === undefined || PWD === order.directory ? variables : { ...variables, PWD };
  const { folder, boot, token } = order;
  const opened: number[] = [];
  const open = (name: string, flags: string): number => {
    const fd = openSync(join(folder, name), flags, 0o600);
    opened.push(fd);
    return fd;
  };
  let feeder: number | null = null;
  try {
    const input = await openInput(order, open);
    feeder = input.feeder;
    const grouping = groupingOf(host['PATH'] ?? '');
    const { words, environment: own } = argvOf({ ...order, taskId }, environment, wrapperEnvironment(host), grouping);
    const settings = [boot, order.cgroup ?? '', String(order.limitBlocks), grouping.setsid === null ? 'monitor' : ''];
    const status = open('status', 'r+');
    const child = spawn('/bin/sh', ['-c', RUN_WRAPPER, 'toru', ...settings, ...words], {
      cwd: folder,
      env: { ...own, toru: WRAPPER },
      detached: true,
      stdio: [input.reader, status, status, 'pipe', input.writer, open('out', 'a'), open('err', 'a')],
    });
    const pid = await spawned(child);
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // A run does not keep the agent alive, and an error event of its wrapper does not end the agent.
    child.on('error', () => undefined);
    child.unref();
    const orders = child.stdio[3];
    if (!(orders instanceof Socket)) throw new TypeError('a pipe of a child process is a socket');
    // A write to a wrapper that has just died fails here.
    orders.on('error', () => undefined);
    orders.unref();
    orders.end(`${token}\n`);
    if (order.input.kind === 'text' && feeder !== null) feed(feeder, order.input.text);
    return { pid, gone };
  } catch (error) {
    if (feeder !== null) closeSync(feeder);
    if (error instanceof ToruError) throw error;
    throw new ToruError('spawn_failed', `The script could not be started: ${reasonOf(error)}`, { cause: error });
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

async function openInput({ input: { kind }, folder }: RunnerOrder, open: (name: string, flags: string) => number): Promise<ScriptInput> {
  if (kind === 'none') return { reader: 'ignore', writer: 'ignore', feeder: null };
  if (kind === 'file') return { reader: open(STDIN_FILE, 'r'), writer: 'ignore', feeder: null };
  const path = join(folder, STDIN_FILE);
  // Loaded when it is first needed: it costs 25 MB.
  const { execa } = await import('execa');
  const hold = kind === 'typed' ? [join(folder, HOLD_FILE)] : [];
  await execa('mkfifo', ['-m', '600', path, ...hold]);
  // Opened both ways, a FIFO does not block the agent.
  open(STDIN_FILE, 'r+');
  const reader = open(STDIN_FILE, 'r');
  // A process of the wrapper holds the writing side: the input does not end for the script when the agent goes away.
  if (kind === 'typed') return { reader, writer: open(STDIN_FILE, 'a'), feeder: null };
  // A secret goes from memory through the pipe, and its end follows: only the agent may hold the writing side.
  const feeder = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  unlinkSync(path);
  return { reader, writer: 'ignore', feeder };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'E2BIG') return 'its arguments and variables are too long together.';
  if (code === 'EAGAIN') return 'this host has no room for another process now. Try again later.';
  if (code === 'EMFILE' || code === 'ENFILE') return 'this host has too many files open. Try again later.';
  if (code === 'ENOSPC') return 'the disk is full.';
  if (code === 'ENOENT') return 'its folder, or /bin/sh, is missing.';
  return error instanceof Error ? error.message : String(error);
}
