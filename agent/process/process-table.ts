import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessIdentity } from './process-identity.ts';
import { readStat, withoutProc } from './process-identity.ts';
import type { ProcessInfo, ProcessTable } from './process-info.ts';

/** Looking at everything may take so much of the agent's time, however many processes there are. */
const TABLE_SHARE = 1 / 5;
const OUR_UID = process.geteuid?.() ?? 0;
let notBefore = 0;
let next: { since: number; table: Promise<ProcessTable> } | null = null;

/**
 * Every process of the host that is not a zombie. Its reading begins after the call, so that whatever was done before shows
 * in it: a table that is older than a stop does not know the children of a moment ago. All that ask before it begins share one.
 * @param eldest of the processes that are looked for: of those that were there before it, the task and the pipes are not read,
 * because nothing that a run starts is older than its wrapper. Null: they are read of all.
 */
export function processTable(eldest: Pick<ProcessIdentity, 'start'> | null = null): Promise<ProcessTable> {
  const since = eldest === null ? 0 : Number(eldest.start) || 0;
  if (next !== null) {
    next.since = Math.min(next.since, since);
    return next.table;
  }
  const reading = { since, table: sleep(Math.max(0, notBefore - performance.now())).then(read) };
  next = reading;
  return reading.table;

  function read(): ProcessTable {
    next = null;
    const began = performance.now();
    const processes = withoutProc === null ? procTable(reading.since) : withoutProc.psTable();
    const end = performance.now();
    notBefore = end + (end - began) / TABLE_SHARE;
    return processes;
  }
}

/** One process as the table has it; null when it is gone. For one that was born while the table was read. */
export function processInfo(pid: number): ProcessInfo | null {
  return withoutProc === null ? procInfo(pid, 0) : (withoutProc.psTable(pid).get(pid) ?? null);
}

/** Two thirds of a table's cost are what a process keeps to itself: it is asked of those that may tell, and may belong to a run. */
function procInfo(pid: number, since: number): ProcessInfo | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  const { kernel, ...info } = stat;
  const isAsked = !kernel && Number(info.start) >= since && isReadable(pid);
  return { ...info, taskId: isAsked ? taskIdOf(pid) : null, pipes: isAsked ? pipesOf(pid, [1, 2]) : [] };
}

/** The kernel shows a process's environment and descriptors to its user and to root. */
function isReadable(pid: number): boolean {
  if (OUR_UID === 0) return true;
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === OUR_UID;
}

/** A table's processes by what they have in common. Made once for each table: hundreds of runs ask the same one. */
interface Families {
  byGroup: Map<number, ProcessInfo[]>;
  bySession: Map<number, ProcessInfo[]>;
  byParent: Map<number, ProcessInfo[]>;
  byTask: Map<string, ProcessInfo[]>;
  byPipe: Map<string, ProcessInfo[]>;
}

const families = new WeakMap<ProcessTable, Families>();

function familiesOf(processes: ProcessTable): Families {
  const known = families.get(processes);
  if (known !== undefined) return known;
  const made: Families = { byGroup: new Map(), bySession: new Map(), byParent: new Map(), byTask: new Map(), byPipe: new Map() };
  for (const info of processes.values()) {
    join(made.byGroup, info.group, info);
    join(made.bySession, info.session, info);
    join(made.byParent, info.parent, info);
    if (info.taskId !== null) join(made.byTask, info.taskId, info);
    for (const pipe of info.pipes) join(made.byPipe, pipe, info);
  }
  families.set(processes, made);
  return made;
}

function join<Key>(family: Map<Key, ProcessInfo[]>, key: Key, info: ProcessInfo): void {
  const members = family.get(key);
  if (members === undefined) family.set(key, [info]);
  else members.push(info);
}

function procTable(since: number): ProcessTable {
  const processes = new Map<number, ProcessInfo>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const info = procInfo(pid, since);
    if (info !== null) processes.set(pid, info);
  }
  return processes;
}

/** The pipes among these descriptors of a process, as the kernel names them. None without /proc, or where we may not look. */
export function pipesOf(pid: number, fds: readonly number[]): string[] {
  const pipes: string[] = [];
  for (const fd of fds) {
    try {
      const name = readlinkSync(`/proc/${pid}/fd/${fd}`);
      if (name.startsWith('pipe:')) pipes.push(name);
    } catch {
      // Closed, another user's, or gone.
    }
  }
  return pipes;
}

function taskIdOf(pid: number): string | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    return /(?:^|\0)TORU_(?:TASK_ID|LAUNCH|TERMINAL_ID)=([^\0]*)/.exec(environment)?.[1] ?? null;
  } catch {
    // Another user's, or gone.
    return null;
  }
}

/**
 * Everything that belongs to a run: its sessions and groups, what descends from them, what carries its TORU_TASK_ID, and
 * what was found before. A group whose number was taken over by a stranger is not ours any more.
 * @param leaders its wrapper and its script. @param pipes those that only its script was given to print into.
 */
export function processesOf(
  taskId: string,
  leaders: readonly ProcessIdentity[],
  pipes: readonly string[],
  known: ReadonlyMap<number, ProcessInfo>,
  processes: ProcessTable,
): Map<number, ProcessInfo> {
  const { byGroup, bySession, byParent, byTask, byPipe } = familiesOf(processes);
  const found = new Map<number, ProcessInfo>();
  const add = (members: readonly (ProcessInfo | undefined)[] = []): void => {
    for (const info of members) if (info !== undefined) found.set(info.pid, info);
  };
  for (const { pid, start } of leaders) {
    const now = processes.get(pid);
    if (now !== undefined && now.start !== start) continue;
    add(byGroup.get(pid));
    add(bySession.get(pid));
  }
  add(byTask.get(taskId));
  for (const pipe of pipes) add(byPipe.get(pipe));
  for (const { pid, start } of known.values()) if (processes.get(pid)?.start === start) add([processes.get(pid)]);
  // A Map's walk comes past what is added on the way: children, and theirs.
  for (const pid of found.keys()) add(byParent.get(pid));
  found.delete(process.pid);
  return found;
}
