import { setTimeout as sleep } from 'node:timers/promises';
import { freeze, killAllIn, membersOf, thaw } from './cgroup.ts';
import type { ProcessInfo } from './process-info.ts';
import { isAlive, processesOf, processTable, signalGroup, signalProcess } from './processes.ts';
import type { ProcessIdentity, RunStatus } from './status.ts';

/** What stopping needs of a run. */
export interface Stoppable {
  readonly taskId: string;
  /** No wrapper and no pumps: the leader is itself what is to be ended, and so is all of its group. */
  readonly bare?: true;
  /** What its status file says now. */
  status(): RunStatus;
}

/** How often a stop looks whether the script has ended. */
const LOOK_MS = 20;
/** How often it looks for processes that left the group, while it waits. */
const SWEEP_MS = 500;
/** How long the pumps get to write a killed script's last words. */
const DRAIN_MS = 500;
/** A fork bomb outruns a few sweeps; after so many it is the host's problem. In a cgroup the second one gets it. */
const MAX_ROUNDS = 50;

/**
 * Ends a run and all that it started: TERM, `graceMs` to leave in peace, KILL for what is still there. The sweep finds
 * children that left the group, the session or the tree; the wrapper and its pumps go last, so that the script's last
 * words are kept. With a cgroup, nothing of the run is left then. Without one, a child that dropped its group, its session,
 * its parent and its environment is not found.
 */
export async function stopRun(run: Stoppable, boot: string, graceMs: number): Promise<void> {
  const wrapper = run.status().identity;
  const known = new Map<number, ProcessInfo>();
  const sweep = (since: number | null = null): ProcessInfo[] => {
    // First the table, then the cgroup: a pid that changed hands between is not signalled, for its start does not fit.
    const table = processTable(since);
    const { cgroup } = run.status();
    for (const pid of cgroup === null ? [] : membersOf(cgroup)) {
      const info = table.get(pid);
      if (info !== undefined) known.set(pid, info);
    }
    for (const [pid, info] of processesOf(run.taskId, wrapper, known, table)) known.set(pid, info);
    // The table may be older than a death: what is left of `known` is what is alive in it now.
    return [...processesOf(run.taskId, wrapper, known, table).values()].filter((info) => isScripts(info, run, wrapper));
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

  const killScripts = async (): Promise<void> => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      // What one KILL did not end may be forking: now it is held still.
      const cgroup = round === 0 ? null : run.status().cgroup;
      if (cgroup !== null) await freeze(cgroup);
      const since = performance.now();
      // What was killed needs a moment; and hundreds of runs that are stopped together then look at one table, not at one each.
      await sleep(Math.min(5 * (round + 1), 100));
      const members = sweep(since);
      for (const info of members) signal(info, 'SIGKILL');
      if (cgroup !== null) thaw(cgroup);
      if (members.length === 0) return;
    }
  };
  await killScripts();
  const { cgroup } = run.status();
  const pumping = (): boolean => (wrapper !== null && isAlive(wrapper, boot)) || (cgroup !== null && membersOf(cgroup).length > 0);
  const drainUntil = performance.now() + DRAIN_MS;
  while (!run.status().drained && pumping() && performance.now() < drainUntil) await sleep(LOOK_MS / 2);
  if (wrapper !== null) signalGroup(wrapper, boot, 'SIGKILL');
  if (cgroup !== null) await killAllIn(cgroup);
  // What was in the group without our variable (`env -i`) died with it; its children elsewhere are in `known`.
  await killScripts();
}

/** The script's own, as opposed to the wrapper and its pumps: these never leave the group, and never carry the variable. */
function isScripts(info: ProcessInfo, { bare, taskId }: Stoppable, wrapper: ProcessIdentity | null): boolean {
  return bare === true || info.taskId === taskId || wrapper === null || info.group !== wrapper.pid;
}
