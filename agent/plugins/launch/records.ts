import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

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
export function readRecords(folder: string): LaunchRecord[] {
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
