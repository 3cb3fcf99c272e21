import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { ToruError } from '../../shared/errors.ts';
import type { ExecAnswer } from '../../shared/terminals.ts';
import { bornIn } from '../process/born-in.ts';
import { findProgram } from '../process/programs.ts';
import { spawned } from '../process/spawn.ts';
import type { Launch } from './launch.ts';

/** Of each of its two streams; the rest is read and thrown away. */
const MOST_OUTPUT = 1024 * 1024;
/** Between TERM and KILL of one that took too long. */
const GRACE_MS = 2000;

interface Options {
  argv: readonly string[];
  /** Of the terminal. */
  launch: Launch;
  /** The terminal's: what it starts ends with the terminal. */
  cgroup: string | null;
  timeoutMs: number;
}

/** A process of its own in a terminal's folder and environment, without its screen. @returns when it started, and its end. @throws ToruError spawn_failed */
export async function execIn({ argv, launch, cgroup, timeoutMs }: Options): Promise<{ ended: Promise<ExecAnswer> }> {
  const [name = '', ...args] = argv;
  if (findProgram(name, launch.env['PATH'] ?? '', launch.cwd) === null) throw notStarted(name);
  const born = bornIn(cgroup, name, args);
  const child = spawn(born.file, born.args, { cwd: launch.cwd, env: launch.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await spawned(child).catch((error: unknown) => {
    throw notStarted(name, error);
  });
  const group = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is gone.
    }
  };
  let timed_out = false;
  let kill: NodeJS.Timeout | null = null;
  const timer = setTimeout(() => {
    timed_out = true;
    group('SIGTERM');
    kill = setTimeout(() => group('SIGKILL'), GRACE_MS);
  }, timeoutMs);
  const streams = [collect(child.stdout), collect(child.stderr)] as const;
  const ended = new Promise<ExecAnswer>((resolve) => {
    child.once('exit', (exit_code, signal) => {
      clearTimeout(timer);
      if (kill !== null) clearTimeout(kill);
      // A child in the background keeps the pipes: nobody waits for it.
      setTimeout(
        () => {
          const [stdout, stderr] = streams.map(({ end }) => end());
          resolve({
            exit_code,
            signal,
            timed_out,
            stdout: stdout?.text ?? '',
            stderr: stderr?.text ?? '',
            truncated: stdout?.truncated === true || stderr?.truncated === true,
          });
        },
        streams.every(({ closed }) => closed()) ? 0 : DRAIN_MS,
      );
    });
  });
  return { ended };
}

function notStarted(name: string, cause?: unknown): ToruError {
  return new ToruError('spawn_failed', `“${name}” could not be started here. Is it a program on the PATH of this terminal?`, { cause });
}

/** What was printed just before the end is still on its way for so long. */
const DRAIN_MS = 50;

function collect(stream: Readable) {
  const kept: Buffer[] = [];
  let bytes = 0;
  let truncated = false;
  stream.on('data', (data: Buffer) => {
    const room = MOST_OUTPUT - bytes;
    if (data.length > room) truncated = true;
    if (room > 0) kept.push(data.subarray(0, room));
    bytes += Math.min(room, data.length);
  });
  return {
    closed: () => stream.closed,
    end: () => {
      stream.destroy();
      return { text: Buffer.concat(kept).toString('utf8'), truncated };
    },
  };
}

/** The folder that a terminal's program is in now; null where the system does not say. */
export function folderOfProcess(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}
