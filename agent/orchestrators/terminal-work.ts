import { readFileSync } from 'node:fs';
import { membersOf } from '../process/cgroup.ts';
import { processesOf, processTable } from '../process/process-table.ts';
import { folderOfProcess } from '../terminals/exec.ts';
import type { TerminalRow } from '../terminals/terminal-store.ts';
import type { Work } from './watched.ts';

/** Of a process, in one line of /proc: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
interface Stat {
  pid: number;
  name: string;
  state: string;
  parent: number;
  group: number;
  /** The group in front of its terminal. */
  front: number;
  cpuMs: number;
  start: string;
  startedAt: number;
}

/** Linux has 100 ticks a second for programs, on every machine. */
const TICK_MS = 10;

/** What runs in a terminal. Null where the system does not say, or its program is gone. */
export async function workOf(
  row: Pick<TerminalRow, 'id' | 'pid' | 'start' | 'boot' | 'cgroup' | 'command' | 'kind'>,
): Promise<Work | null> {
  if (process.platform !== 'linux' || row.pid === null || row.start === null) return null;
  const bootedAt = Date.now() - uptimeMs();
  const leader = { pid: row.pid, start: row.start, boot: row.boot ?? '' };
  const pids =
    row.cgroup === null ? [...processesOf(row.id, [leader], [], new Map(), await processTable(leader)).keys()] : membersOf(row.cgroup);
  const stats = pids.flatMap((pid) => statOf(pid, bootedAt) ?? []);
  const shell = stats.find(({ pid }) => pid === row.pid);
  if (shell === undefined || shell.start !== row.start) return null;
  const front = stats.find(({ pid }) => pid === shell.front) ?? stats.find(({ group }) => group === shell.front) ?? shell;
  const children = below(front.pid, stats);
  return {
    prompt: front.pid === shell.pid && row.command === null && row.kind === 'shell',
    front: { pid: front.pid, start: front.start, name: front.name, startedAt: front.startedAt },
    cwd: folderOfProcess(front.pid),
    cpuMs: stats.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    children: children.map(({ startedAt, state }) => ({ startedAt, running: state === 'R' || state === 'D' })),
  };
}

function below(pid: number, stats: readonly Stat[]): Stat[] {
  const found = stats.filter(({ parent }) => parent === pid);
  // Grows while it is walked: children, and theirs.
  for (const each of found) for (const child of stats) if (child.parent === each.pid && !found.includes(child)) found.push(child);
  return found;
}

function statOf(pid: number, bootedAt: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const at = (index: number): number => Number(fields[index] ?? 0);
    const state = fields[0] ?? 'Z';
    const start = fields[19];
    if (start === undefined || state === 'Z' || state === 'X') return null;
    return {
      pid,
      name: text.slice(text.indexOf('(') + 1, end),
      state,
      parent: at(1),
      group: at(2),
      front: at(5),
      // With that of children that have ended.
      cpuMs: (at(11) + at(12) + at(13) + at(14)) * TICK_MS,
      start,
      startedAt: bootedAt + Number(start) * TICK_MS,
    };
  } catch {
    // It is gone.
    return null;
  }
}

function uptimeMs(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ', 1)[0]) * 1000;
}
