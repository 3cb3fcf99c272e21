import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { removeCgroup } from '../../process/cgroup.ts';
import type { Stoppable } from '../../process/kill-tree.ts';
import { killTree } from '../../process/kill-tree.ts';
import { isAlive } from '../../process/process-identity.ts';
import { removeSocket } from '../protocol/plugin-socket.ts';

/** A process that an agent started, so that the next one can end it: `run/plugins/<id>.json`. */
const launchRecord = z.object({
  plugin: z.string(),
  /** TORU_LAUNCH of it and of all that it started. */
  launch: z.string(),
  socket: z.string(),
  cgroup: z.string().nullable(),
  /** Null: not started yet. The pid is its group's number, too. */
  identity: z.object({ pid: z.int(), start: z.string(), boot: z.string() }).nullable(),
});
export type LaunchRecord = z.infer<typeof launchRecord>;

/** Whole or not at all: an agent may be killed at any byte. */
export function writeRecord(folder: string, record: LaunchRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${record.plugin}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(folder: string, plugin: string): void {
  rmSync(join(folder, `${plugin}.json`), { force: true });
}

/** Those of a killed agent. One that can't be read is left out. */
function readRecords(folder: string): LaunchRecord[] {
  return listIn(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        const read = launchRecord.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
        return read.success ? [read.data] : [];
      } catch {
        return [];
      }
    });
}

/** The names in a folder; none if it is not there. */
export function listIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

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
