import { closeSync, constants, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { spawned } from '../process/spawn.ts';
import type { RunnerInput, RunnerOrder } from '../runner/runner-order.ts';
import { secretWords } from '../runner/secret-words.ts';
import type { Carrier, HeldRun, Spawner } from '../runner/spawner.ts';
import { argvOf } from './order.ts';
import { feed } from './typing.ts';
import { LIMIT_BLOCKS_PER_MB } from './wrapper.ts';
import type { Room, ScriptInput } from './wrapper-process.ts';
import { NO_INPUT, spawnWrapper } from './wrapper-process.ts';

/** What a script reads: nothing, a text and then its end, or what viewers type. */
export type Stdin = { kind: 'none' } | { kind: 'text'; text: string; secret: boolean } | { kind: 'open' };

/** What is to be started. */
export interface Plan {
  taskId: string;
  /** For its wrapper only: seal.ts. */
  token: string;
  /** The run's own, absolute. */
  folder: string;
  /** Absolute: what Scripts.resolve gave. */
  script: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  stdin: Stdin;
  /** What is kept of each stream, in MiB; 0 = all. */
  outputLimitMb: number;
  /** What the native runner hides in the output. */
  secrets: readonly string[];
}

/** The FIFO or file that a script reads from. */
export const STDIN_FILE = 'stdin';
/** Opening this FIFO ends what a script reads, where viewers may type: see wrapper.ts. */
export const HOLD_FILE = 'hold';

/**
 * Starts a run: by the native runner, or by the shell wrapper where this host can run none. The folder must have been made. The
 * script's folder is its working directory.
 * @returns what carries it. @throws ToruError spawn_failed, with the reason; nothing runs then.
 */
export async function launch(plan: Plan, room: Room, spawner: Spawner): Promise<Carrier> {
  return (await spawner.program) === null ? launchWrapper(plan, room) : spawner.run(orderFor(plan, room));
}

/** Has the native runner make ready for a run, and wait. @param later the folder's name when it goes on. */
export function holdRunner(plan: Plan, later: string, room: Room, spawner: Spawner): HeldRun {
  return spawner.hold({ ...orderFor(plan, room), later });
}

function orderFor(plan: Plan, { cgroup, boot }: Room): RunnerOrder {
  const { folder, token, script, args, stdin, outputLimitMb } = plan;
  const directory = dirname(script);
  return {
    folder,
    later: folder,
    cgroup,
    boot,
    token,
    limitBlocks: outputLimitMb * LIMIT_BLOCKS_PER_MB,
    input: runnerInput(folder, stdin),
    directory,
    script,
    args,
    environment: { PWD: directory, ...plan.environment, TORU_TASK_ID: plan.taskId },
    secrets: secretWords(plan.secrets),
  };
}

function runnerInput(folder: string, stdin: Stdin): RunnerInput {
  if (stdin.kind === 'none') return { kind: 'none' };
  if (stdin.kind === 'open') return { kind: 'typed' };
  if (stdin.secret) return { kind: 'text', text: stdin.text };
  writeFileSync(join(folder, STDIN_FILE), stdin.text, { mode: 0o600 });
  return { kind: 'file' };
}

/** The script starts from argv, never through a shell's parser. Of the room's environment it gets what stands in the plan as well. */
async function launchWrapper(plan: Plan, room: Room): Promise<Carrier> {
  const opened: number[] = [];
  const open = (name: string, flags: string | number): number => {
    const fd = openSync(join(plan.folder, name), flags, 0o600);
    opened.push(fd);
    return fd;
  };
  let writer: number | null = null;
  try {
    const stdin = await openStdin(plan, open);
    writer = stdin.feeder;
    const order = { taskId: plan.taskId, directory: dirname(plan.script), script: plan.script, args: plan.args };
    const { words, environment } = argvOf(order, plan.environment, room.environment, room.grouping);
    const { child, orders } = await spawnWrapper({ ...room, environment }, stdin, words);
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    orders.end(`${plan.token}\n`);
    if (plan.stdin.kind === 'text' && writer !== null) feed(writer, plan.stdin.text);
    return { pid: await spawned(child), gone };
  } catch (error) {
    if (writer !== null) closeSync(writer);
    if (error instanceof ToruError) throw error;
    throw new ToruError('spawn_failed', `The script could not be started: ${reasonOf(error)}`, { cause: error });
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** @returns the descriptors to hand over, and where to write the text that the script is to read. */
async function openStdin(
  plan: Plan,
  open: (name: string, flags: string | number) => number,
): Promise<ScriptInput & { feeder: number | null }> {
  const { stdin } = plan;
  if (stdin.kind === 'none') return { ...NO_INPUT, feeder: null };
  const path = join(plan.folder, STDIN_FILE);
  if (stdin.kind === 'text' && !stdin.secret) {
    writeFileSync(path, stdin.text, { mode: 0o600 });
    return { ...NO_INPUT, reader: open(STDIN_FILE, 'r'), feeder: null };
  }
  // Loaded when it is first needed: it costs 25 MB.
  const { execa } = await import('execa');
  const hold = stdin.kind === 'open' ? [join(plan.folder, HOLD_FILE)] : [];
  await execa('mkfifo', ['-m', '600', path, ...hold]);
  // Opened both ways, a FIFO does not block us.
  open(STDIN_FILE, 'r+');
  const reader = open(STDIN_FILE, 'r');
  // A process of the wrapper holds the writing side: the input does not end for the script when the agent goes away.
  if (stdin.kind === 'open') return { reader, writer: open(STDIN_FILE, 'a'), feeder: null };
  // A secret goes from memory through the pipe, and its end follows: nobody but us may hold the writing side.
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
