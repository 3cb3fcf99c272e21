import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { Launch } from '../../../plugin-sdk/src/protocol.ts';
import { ENTER } from '../../process/born-in.ts';
import { spawned } from '../../process/spawn.ts';
import { loginPath } from '../../system/login-environment.ts';

/**
 * Waits for the first line before it becomes the plugin: the agent has written down by then whom it started, and can end
 * it even after its own death. No line, no plugin. Then it enters its cgroup; all that it starts is born in there.
 */
const STUB = `IFS= read -r go || exit 125
${ENTER}`;

/** The agent's own, and what npm gave to it: never handed on, whatever a manifest declares. */
const OWN = /^(?:ADMIN_|TORU_|npm_|INIT_CWD$|PATH$)/i;

/** What a plugin is started as. */
export interface LaunchPlan {
  argv: readonly string[];
  cwd: string;
  environment: Readonly<Record<string, string>>;
}

/** A process that waits for `go`. */
export interface Waiting {
  child: ChildProcess;
  pid: number;
  stdout: Readable;
  stderr: Readable;
  /** Lets it become the plugin, and tells it what only it may know. */
  go(launch: Launch): void;
  /** Lets go of its three streams. */
  release(): void;
}

/**
 * The environment of a plugin: PATH, what its manifest declares, who it is.
 * @param host the agent's. @param marker of this launch: what carries it was started by it.
 */
export function pluginEnvironment(
  host: Readonly<Record<string, string | undefined>>,
  plugin: string,
  declared: readonly string[],
  marker: string,
): Record<string, string> {
  const environment: Record<string, string> = { PATH: loginPath(host['PATH']) };
  for (const name of declared) {
    const value = OWN.test(name) || !Object.hasOwn(host, name) ? undefined : host[name];
    if (value !== undefined) environment[name] = value;
  }
  // Python would write its caches beside the code, and change the files that were accepted.
  return { ...environment, PYTHONDONTWRITEBYTECODE: '1', TORU_PLUGIN: plugin, TORU_LAUNCH: marker };
}

/**
 * @param cgroup made for it; null without one. @param folder ours alone: its pipes are made there.
 * @throws what the system says when no process can be had.
 */
export async function launch({ argv, cwd, environment }: LaunchPlan, cgroup: string | null, folder: string): Promise<Waiting> {
  const pipes = await openPipes(folder);
  const child = begin(['-c', STUB, 'toru', cgroup ?? '', ...argv], { cwd, env: environment, detached: true }, pipes);
  const pid = await spawned(child).catch((error: unknown) => {
    for (const pipe of [pipes?.out, pipes?.err]) pipe?.reader.destroy();
    throw error;
  });
  child.on('error', () => undefined);
  const { stdin } = child;
  const [stdout, stderr] = [pipes?.out.reader ?? child.stdout, pipes?.err.reader ?? child.stderr];
  if (stdin === null || stdout === null || stderr === null) throw new Error('a process without its three streams');
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const release = (): void => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  };
  return { child, pid, stdout, stderr, go: (message) => start(stdin, message), release };
}

/** Our own copies of the pipes' ends are closed: their end is the end of all who print into them. */
function begin(args: string[], options: SpawnOptions, pipes: Awaited<ReturnType<typeof openPipes>>): ChildProcess {
  try {
    return spawn('/bin/sh', args, { ...options, stdio: ['pipe', pipes?.out.writer ?? 'pipe', pipes?.err.writer ?? 'pipe'] });
  } finally {
    for (const pipe of [pipes?.out, pipes?.err]) if (pipe !== undefined) closeSync(pipe.writer);
  }
}

/** The input stays open after it: its end means that the agent is gone. */
function start(stdin: Writable, message: Launch): void {
  stdin.write(`go\n${JSON.stringify(message)}\n`);
}

/** What a process prints into, and where that is read. */
interface Pipe {
  reader: Readable;
  /** For the process; whoever gave it to one closes it. */
  writer: number;
}

/**
 * True pipes for standard output and error. What Node calls a pipe is a pair of sockets, on which a program that opens
 * /dev/stdout or /dev/stderr by name fails (ENXIO). Node can make none itself: so two named ones, whose names go at once.
 * @param folder ours alone. @returns null where none can be had: no mkfifo, or a file system without them.
 */
async function openPipes(folder: string): Promise<{ out: Pipe; err: Pipe } | null> {
  const names = [0, 1].map(() => join(folder, `${randomBytes(8).toString('hex')}.pipe`));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', ...names]);
    // The reader first, which does not wait for a writer; the writer then does not wait for a reader.
    const [out, err] = names.map((path) => ({
      reader: open(path, constants.O_RDONLY | constants.O_NONBLOCK),
      writer: open(path, constants.O_WRONLY),
    }));
    if (out === undefined || err === undefined) return null;
    return { out: pipeOf(out), err: pipeOf(err) };
  } catch {
    for (const fd of opened) closeSync(fd);
    return null;
  } finally {
    for (const path of names) rmSync(path, { force: true });
  }
}

function pipeOf({ reader, writer }: { reader: number; writer: number }): Pipe {
  return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer };
}
