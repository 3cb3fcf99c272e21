import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessInfo } from './process-info.ts';
import { isAlive, processesOf, processTable, signalGroup, signalProcess } from './processes.ts';
import type { ProcessIdentity, RunStatus } from './status.ts';

/** What stopping needs of a run. */
export interface Stoppable {
  readonly taskId: string;
  /** What its status file says now. */
  status(): RunStatus;
}

/** How often a stop looks whether the script has ended. */
const LOOK_MS = 20;
/** How often it looks for processes that left the group, while it waits. */
const SWEEP_MS = 500;
/** How long the pumps get to write a killed script's last words. */
const DRAIN_MS = 500;
/** A fork bomb outruns a few sweeps; after so many it is the host's problem. */
const MAX_ROUNDS = 50;

/**
 * Ends a run and all that it started: TERM, `graceMs` to leave in peace, KILL for what is still there. The sweep finds
 * children that left the group, the session or the tree; the wrapper and its pumps go last, so that the script's last
 * words are kept. Where a child dropped its group, its session, its parent and its environment, it is not found.
 */
export async function stopRun(run: Stoppable, boot: string, graceMs: number): Promise<void> {
  const wrapper = run.status().identity;
  const known = new Map<number, ProcessInfo>();
  const sweep = (since: number | null = null): ProcessInfo[] => {
    const table = processTable(since);
    for (const [pid, info] of processesOf(run.taskId, wrapper, known, table)) known.set(pid, info);
    // The table may be older than a death: what is left of `known` is what is alive in it now.
    return [...processesOf(run.taskId, wrapper, known, table).values()].filter((info) => isScripts(info, run.taskId, wrapper));
  };
  const signal = (info: ProcessInfo, name: NodeJS.Signals): boolean =>
    signalProcess({ pid: info.pid, start: info.start, boot }, boot, name);

  const groupTermed = wrapper !== null && signalGroup(wrapper, boot, 'SIGTERM');
  const termed = new Set<number>();
  const term = (members: readonly ProcessInfo[]): void => {
    for (const info of members) {
      if ((groupTermed && info.group === wrapper.pid) || termed.has(info.pid)) continue;
      termed.add(info.pid);
      signal(info, 'SIGTERM');
    }
  };
  term(sweep());

  const until = performance.now() + graceMs;
  for (let sweepAt = performance.now() + SWEEP_MS; performance.now() < until; ) {
    await sleep(Math.min(LOOK_MS, Math.max(1, until - performance.now())));
    const over = run.status().exit !== null;
    if (!over && performance.now() < sweepAt) continue;
    sweepAt = performance.now() + SWEEP_MS;
    const members = sweep();
    term(members);
    if (members.length === 0 && (over || wrapper === null || !isAlive(wrapper, boot))) break;
  }

  await killAll(sweep, signal);
  if (wrapper !== null) {
    const drainUntil = performance.now() + DRAIN_MS;
    while (!run.status().drained && isAlive(wrapper, boot) && performance.now() < drainUntil) await sleep(LOOK_MS / 2);
    signalGroup(wrapper, boot, 'SIGKILL');
  }
  // What was in the group without our variable (`env -i`) died with it; its children elsewhere are in `known`.
  await killAll(sweep, signal);
}

async function killAll(
  sweep: (since: number) => ProcessInfo[],
  signal: (info: ProcessInfo, name: NodeJS.Signals) => boolean,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const since = performance.now();
    // What was killed needs a moment; and hundreds of runs that are stopped together then look at one table, not at one each.
    await sleep(Math.min(5 * (round + 1), 100));
    const members = sweep(since);
    if (members.length === 0) return;
    for (const info of members) signal(info, 'SIGKILL');
  }
}

/** The script's own, as opposed to the wrapper and its pumps: these never leave the group, and never carry the variable. */
function isScripts(info: ProcessInfo, taskId: string, wrapper: ProcessIdentity | null): boolean {
  return info.taskId === taskId || wrapper === null || info.group !== wrapper.pid;
}
