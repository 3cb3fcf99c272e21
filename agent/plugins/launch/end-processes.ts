import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroup } from '../../process/cgroup.ts';
import type { Stoppable } from '../../process/kill-tree.ts';
import { killTree } from '../../process/kill-tree.ts';
import { isAlive } from '../../process/process-identity.ts';
import { removeSocket } from '../protocol/plugin-socket.ts';
import type { LaunchRecord } from './records.ts';
import { listIn, readRecords, removeRecord } from './records.ts';

/** Ends a plugin's process, its group, its cgroup and what left them: TERM, `graceMs`, KILL. */
export async function endProcesses({ launch, identity, cgroup }: LaunchRecord, boot: string, graceMs: number): Promise<void> {
  const status = (): ReturnType<Stoppable['status']> => ({
    identity,
    leader: null,
    cgroup,
    pipes: [],
    exit: identity !== null && isAlive(identity, boot) ? null : {},
  });
  await killTree({ taskId: launch, bare: true, status, complete: () => true }, boot, { signal: 'TERM', graceMs });
}

/**
 * Ends what a killed agent left running, and takes away its sockets. A pid counts only together with its start time and
 * this boot: whoever has it now instead is not touched.
 * @returns the plugins of which something was still alive.
 */
export async function endOrphans(folder: string, boot: string, graceMs: number): Promise<string[]> {
  const ended = await Promise.all(readRecords(folder).map((record) => endOrphan(folder, record, boot, graceMs)));
  for (const name of listIn(folder)) if (/\.(?:sock|json|new|pipe)$/.test(name)) rmSync(join(folder, name), { force: true });
  return ended.filter((plugin) => plugin !== null);
}

async function endOrphan(folder: string, record: LaunchRecord, boot: string, graceMs: number): Promise<string | null> {
  const { identity, plugin, socket, cgroup } = record;
  const sameBoot = identity !== null && identity.boot === boot;
  const alive = sameBoot && isAlive(identity, boot);
  // Without its leader a group's number may be another's by now: then only cgroup and mark say who is ours.
  if (sameBoot) await endProcesses({ ...record, identity: alive ? identity : null }, boot, graceMs);
  if (cgroup !== null) removeCgroup(cgroup);
  removeSocket(socket);
  removeRecord(folder, plugin);
  return alive ? plugin : null;
}
