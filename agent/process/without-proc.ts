import { execaSync } from 'execa';
import type { ProcessInfo, ProcessTable } from './process-info.ts';

/** The answers that /proc gives on Linux, asked of programs on hosts without it (macOS). */

/** @throws when `sysctl` does. */
export function bootSession(): string {
  return execaSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'latin1' }).stdout.trim();
}

/**
 * POSIX `ps`. `sess` is no number on macOS: the group stands in for it.
 * @param only this pid. @returns nothing when `ps` fails, as it does for a pid that nobody has.
 */
export function psTable(only?: number): ProcessTable {
  const processes = new Map<number, ProcessInfo>();
  const which = only === undefined ? ['-A'] : ['-p', String(only)];
  const { stdout } = execaSync('ps', [...which, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'latin1', reject: false });
  for (const line of stdout.split('\n')) {
    const [, pid, parent, group, state, start] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (pid === undefined || start === undefined || state?.startsWith('Z') === true) continue;
    processes.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(group),
      start,
      taskId: null,
      pipes: [],
    });
  }
  return processes;
}
