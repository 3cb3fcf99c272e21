import { setTimeout as sleep } from 'node:timers/promises';
import { freeze, killAllIn, membersOf, thaw } from './cgroup.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { isAlive, signalGroup, signalProcess } from './process-identity.ts';
import type { ProcessInfo } from './process-info.ts';
import { pipesOf, processesOf, processInfo, processTable } from './process-table.ts';

/** A tree of processes, as far as it is known while it is being ended. */
interface TreeStatus {
  /** The wrapper, which leads the tree; null until the wrapper has said so. */
  identity: ProcessIdentity | null;
  /** The script, when it leads a group of its own. */
  leader: ProcessIdentity | null;
  /** The cgroup of the tree, as a folder; null without one. */
  cgroup: string | null;
  /** The pipes that the script prints into; empty where the wrapper does not say. */
  pipes: readonly string[];
  /** How the script ended; null while it runs. */
  exit: object | null;
}

/** A tree of processes that can be ended: a run, or a plugin. */
export interface Stoppable {
  readonly taskId: string;
  /** No wrapper and no pumps: the leader is itself what is to be ended, and so is all of its group. */
  readonly bare?: true;
  /** The tree as it is known now. */
  status(): TreeStatus;
  /** Is all in that the script printed? */
  complete(): boolean;
}

/** The signals by which a run can be asked to end. */
export type StopSignal = 'TERM' | 'INT' | 'HUP' | 'QUIT';

/** How a run is asked to leave, and how long it has for that before KILL. */
export interface Farewell {
  signal: StopSignal;
  graceMs: number;
}

/** How often a stop looks whether the script has ended. */
const LOOK_MS = 20;
/** How often it looks for processes that left the group, while it waits. */
const SWEEP_MS = 500;
/** How long the pumps get to write a killed script's last words, … */
const DRAIN_MS = 5000;
/** … and without the wrapper, which says when they have. */
const ORPHANS_DRAIN_MS = 500;
/** A fork bomb outruns a few sweeps; after so many it is the host's problem. In a cgroup the second one gets it. */
const MAX_ROUNDS = 50;

/**
 * Ends a run and all that it started: its signal, `graceMs` to leave in peace, KILL for what is still there. The sweep finds
 * children that left the group, the session or the tree; the wrapper and its pumps go last, so that the script's last
 * words are kept. With a cgroup, nothing of the run is left then. Without one, or when it left
 * that, a child that dropped its group, its session, its parent, its environment and its output is not found.
 */
export async function killTree(run: Stoppable, boot: string, { signal: name, graceMs }: Farewell): Promise<void> {
  const wrapper = run.status().identity;
  const signal = `SIG${name}` as const;
  const stated = run.status().pipes;
  const pipes =
    stated.length > 0 || wrapper === null || run.bare === true || !isAlive(wrapper, boot) ? stated : pipesOf(wrapper.pid, [7, 8]);
  const known = new Map<number, ProcessInfo>();
  const sweep = async (): Promise<ProcessInfo[]> => {
    // First the table, then the cgroup: a pid that changed hands between is not signalled, for its start does not fit.
    const table = await processTable(wrapper);
    const { cgroup } = run.status();
    for (const pid of cgroup === null ? [] : membersOf(cgroup)) {
      const info = table.get(pid) ?? processInfo(pid);
      if (info !== null) known.set(pid, info);
    }
    const leaders = [wrapper, run.status().leader].filter((leader) => leader !== null);
    for (const [pid, info] of processesOf(run.taskId, leaders, pipes, known, table)) known.set(pid, info);
    return [...known.values()].filter((info) => isScripts(info, run, wrapper) && isAlive({ ...info, boot }, boot));
  };

  // The wrapper's group does not mind the signal, except for a script that is just being born in it.
  const groups = new Set<number>();
  for (const leader of [wrapper, run.status().leader]) if (leader !== null && signalGroup(leader, boot, signal)) groups.add(leader.pid);
  const signalled = new Set<number>();
  const tell = (members: readonly ProcessInfo[]): void => {
    for (const info of members) {
      if (groups.has(info.group) || signalled.has(info.pid)) continue;
      signalled.add(info.pid);
      signalProcess({ ...info, boot }, boot, signal);
    }
  };

  const until = performance.now() + graceMs;
  // A process that forks and ends while a table is read shows neither itself nor its child: one empty table proves nothing.
  let empty = 0;
  // Not at once: most scripts leave in a moment, and their last words would wait while a table is read.
  let sweepAt = performance.now() + LOOK_MS;
  do {
    const over = run.status().exit !== null || wrapper === null || !isAlive(wrapper, boot);
    if (over || performance.now() >= sweepAt) {
      sweepAt = performance.now() + SWEEP_MS;
      const members = await sweep();
      tell(members);
      empty = over && members.length === 0 ? empty + 1 : 0;
      if (empty === 2) break;
    }
    await sleep(Math.min(LOOK_MS, Math.max(1, until - performance.now())));
  } while (performance.now() < until);

  const killScripts = async (): Promise<void> => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      // A process that one KILL did not end may be forking: now it is held still.
      const cgroup = round === 0 ? null : run.status().cgroup;
      if (cgroup !== null) await freeze(cgroup);
      // A killed process needs a moment.
      await sleep(Math.min(5 * (round + 1), 100));
      const members = await sweep();
      for (const info of members) signalProcess({ ...info, boot }, boot, 'SIGKILL');
      if (cgroup !== null) thaw(cgroup);
      if (members.length === 0) return;
    }
  };
  await killScripts();
  const { cgroup } = run.status();
  const pumping = (): boolean => (wrapper !== null && isAlive(wrapper, boot)) || (cgroup !== null && membersOf(cgroup).length > 0);
  const drainMs = wrapper !== null && isAlive(wrapper, boot) ? DRAIN_MS : ORPHANS_DRAIN_MS;
  const drainUntil = performance.now() + drainMs;
  while (!run.complete() && pumping() && performance.now() < drainUntil) await sleep(LOOK_MS / 2);
  if (wrapper !== null) signalGroup(wrapper, boot, 'SIGKILL');
  if (cgroup !== null) await killAllIn(cgroup);
  // The processes of the wrapper's group died with it. Its children elsewhere are in `known`, and so is who left the cgroup.
  await killScripts();
}

/** The script's own, as opposed to the wrapper and its pumps: these never leave the group, and never carry the variable. */
function isScripts(info: ProcessInfo, { bare, taskId }: Stoppable, wrapper: ProcessIdentity | null): boolean {
  return bare === true || info.taskId === taskId || wrapper === null || info.group !== wrapper.pid;
}
