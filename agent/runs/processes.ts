import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessInfo, ProcessTable } from './process-info.ts';
import type { ProcessIdentity } from './status.ts';

/** Where there is /proc, the other way is not even loaded: its package costs 25 MB and 100 ms. */
const withoutProc = process.platform === 'linux' ? null : await import('./without-proc.ts');

/** Which boot this is: pids and start times mean something only within it. */
export function bootId(): string {
  try {
    return withoutProc === null ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : withoutProc.bootSession();
  } catch {
    return 'unknown';
  }
}

/** Is this very process still there? A zombie is not: it does nothing any more. */
export function isAlive({ pid, start, boot }: ProcessIdentity, currentBoot: string): boolean {
  if (boot !== currentBoot) return false;
  return identify(pid, currentBoot)?.start === start;
}

/** Who has this pid now; null when nobody. */
export function identify(pid: number, currentBoot: string): ProcessIdentity | null {
  const info = withoutProc === null ? readStat(pid) : (withoutProc.psTable(pid).get(pid) ?? null);
  return info === null ? null : { pid, start: info.start, boot: currentBoot };
}

/** Signals exactly this process. @returns false when it is gone, or is another by now (SECURITY rule 32). */
export function signalProcess(identity: ProcessIdentity, currentBoot: string, signal: NodeJS.Signals): boolean {
  return isAlive(identity, currentBoot) && send(identity.pid, signal);
}

/** Signals the group that this process leads. @returns false when the leader is gone: the number may be another group's. */
export function signalGroup(leader: ProcessIdentity, currentBoot: string, signal: NodeJS.Signals): boolean {
  return isAlive(leader, currentBoot) && send(-leader.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/** A table is good for so long: when many runs are stopped at once, they share it. */
const TABLE_MS = 40;
let table: { at: number; processes: ProcessTable } = { at: 0, processes: new Map() };

/** Every process of the host that is not a zombie. */
export function processTable(now: number = performance.now()): ProcessTable {
  if (now - table.at > TABLE_MS || table.at === 0) {
    const processes = withoutProc === null ? procTable() : withoutProc.psTable();
    table = { at: performance.now(), processes };
  }
  return table.processes;
}

/** The next look is a fresh one. */
export function forgetProcessTable(): void {
  table = { at: 0, processes: new Map() };
}

function procTable(): ProcessTable {
  const processes = new Map<number, ProcessInfo>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat !== null) processes.set(pid, { ...stat, taskId: taskIdOf(pid) });
  }
  return processes;
}

/** Null when it is gone or a zombie. Fields are counted from the last `)`: a process may be named anything. */
function readStat(pid: number): Omit<ProcessInfo, 'taskId'> | null {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const start = fields[19];
  if (state === 'Z' || state === 'X' || start === undefined) return null;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), start };
}

function taskIdOf(pid: number): string | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    return /(?:^|\0)TORU_TASK_ID=([^\0]*)/.exec(environment)?.[1] ?? null;
  } catch {
    // Another user's, or gone.
    return null;
  }
}

/**
 * Everything that belongs to a run: its session and group, what descends from them, what carries its TORU_TASK_ID, and
 * what was found before. A group whose number was taken over by a stranger is not ours any more.
 */
export function processesOf(
  taskId: string,
  wrapper: ProcessIdentity | null,
  known: ReadonlyMap<number, ProcessInfo>,
  processes: ProcessTable,
): Map<number, ProcessInfo> {
  const found = new Map<number, ProcessInfo>();
  const leader = wrapper === null ? undefined : processes.get(wrapper.pid);
  const ourGroup = wrapper !== null && (leader === undefined || leader.start === wrapper.start);
  for (const info of processes.values()) {
    const inGroup = ourGroup && (info.group === wrapper.pid || info.session === wrapper.pid);
    if (inGroup || info.taskId === taskId || known.get(info.pid)?.start === info.start) found.set(info.pid, info);
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const info of processes.values()) if (found.has(info.parent)) found.set(info.pid, info);
  }
  found.delete(process.pid);
  return found;
}
