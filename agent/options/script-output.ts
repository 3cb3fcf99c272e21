import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { spawned } from '../process/spawn.ts';

const MAX_ERROR_CHARS = 500;
/** After the script's end its last words are in the pipes. What left its group may hold these open for ever, and is not waited for. */
const DRAIN_MS = 250;

export type ScriptOutput = { output: string } | { problem: string };

/**
 * Runs a script that gives a short answer, in a process group of its own, in its folder, without a shell. All of the group is killed at
 * the end, also what the script left behind.
 * @returns its standard output, or why there is none, in a sentence with what it said on standard error.
 */
export async function outputOf(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  limits: { timeoutMs: number; bytes: number },
): Promise<ScriptOutput> {
  const child = spawn(script, args, { cwd: dirname(script), env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  let pid: number;
  try {
    pid = await spawned(child);
  } catch (error) {
    return { problem: `It could not be started: ${error instanceof Error ? error.message : 'for an unknown reason'}.` };
  }
  let cut: string | null = null;
  const kill = (why: string | null): void => {
    cut ??= why;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  };
  const timer = setTimeout(() => kill(`It took longer than ${limits.timeoutMs / 1000} s.`), limits.timeoutMs);
  const parts: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (part: Buffer) => {
    size += part.length;
    if (size > limits.bytes) kill(`It printed more than ${limits.bytes / 1024} KiB.`);
    else parts.push(part);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_ERROR_CHARS);
  });
  let draining: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    // What it left behind in its group may hold its pipes open.
    kill(null);
    draining = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, DRAIN_MS);
  });
  await closed;
  clearTimeout(timer);
  clearTimeout(draining);
  if (cut !== null) return { problem: cut };
  if (child.exitCode === 0) return { output: Buffer.concat(parts).toString('utf8') };
  const how = child.exitCode === null ? `It was ended by ${child.signalCode}` : `It ended with code ${child.exitCode}`;
  return { problem: errors.trim() === '' ? `${how}.` : `${how}: ${errors.trim()}` };
}
