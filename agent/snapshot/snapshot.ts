import { constants, existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import SQLite from 'better-sqlite3';
import { VERSION } from '../../shared/version.ts';
import { isAlive } from '../lock.ts';
import { StartError } from '../start-error.ts';
import { clean } from './clean.ts';
import type { Manifest } from './contents.ts';
import { DATABASE, isLogFile, MANIFEST } from './contents.ts';
import { snapshotPrefix, sweepSnapshots } from './leftovers.ts';
import { BLOCK, encodeHeader, padding } from './tar.ts';

const CHUNK = 256 * 1024;
/** Of the database, everything in one step: copied in parts, each of the agent's commits would begin it again. */
const ALL_PAGES = 2 ** 31 - 1;

export interface SnapshotResult {
  runs: number;
  /** Of the file. */
  bytes: number;
}

/** How a snapshot is taken. */
export interface SnapshotOptions {
  /** Ends it: nothing is left of it. */
  signal?: AbortSignal;
  /** Told after each run, of how many. */
  progress?: (runs: number, of: number) => void;
}

/**
 * Writes the database and the output of all ended runs into a .tar.gz for its owner only, beside an agent that may go on.
 * The database is as of one moment. Left out are the host's key, everyone's sessions, the edge's state, and the scripts.
 * @param file must not exist. @throws StartError
 */
export async function takeSnapshot(home: string, file: string, options: SnapshotOptions = {}): Promise<SnapshotResult> {
  requireDatabase(home);
  const target = resolve(file);
  if (existsSync(target)) throw new StartError(`${target} exists. Choose another name, or remove it.`);
  if (!existsSync(dirname(target))) throw new StartError(`The folder ${dirname(target)} does not exist. Make it first.`);
  await sweepParts(target);
  const part = `${target}.part-${process.pid}`;
  const output = await open(part, 'wx', 0o600).catch((error: unknown) => {
    throw new StartError(`${part} can’t be written: ${error instanceof Error ? error.message : String(error)}.`);
  });
  try {
    const written = await writeSnapshot(home, (piece) => output.writeFile(piece), options);
    await output.sync();
    await output.close();
    await rename(part, target);
    return written;
  } catch (error) {
    await output.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * The same, piece by piece to whoever takes it.
 * @param write resolves when it may have more. @throws StartError, and what `write` throws.
 */
export async function writeSnapshot(
  home: string,
  write: (piece: Buffer) => Promise<void>,
  { signal, progress }: SnapshotOptions = {},
): Promise<SnapshotResult> {
  requireDatabase(home);
  // In the agent's own folder: nobody else can read it there.
  sweepSnapshots(home);
  const work = await mkdtemp(snapshotPrefix(home));
  try {
    const copy = join(work, DATABASE);
    const { tables, ended } = await copyDatabase(join(home, DATABASE), copy);
    const tally = { runs: 0, bytes: 0 };
    const about: Manifest = { format: 1, version: VERSION, created_at: new Date().toISOString(), tables };
    const pieces = archive(home, copy, about, ended, () => {
      tally.runs += 1;
      progress?.(tally.runs, ended.length);
    });
    const take = async (zipped: AsyncIterable<Buffer>): Promise<void> => {
      for await (const piece of zipped) {
        await write(piece);
        tally.bytes += piece.length;
      }
    };
    await pipeline(Readable.from(pieces), createGzip({ level: 6 }), take, signal === undefined ? {} : { signal });
    return tally;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function requireDatabase(home: string): void {
  if (!existsSync(join(home, DATABASE))) throw new StartError(`There is nothing in ${home} to take a snapshot of. Is TORU_HOME right?`);
}

/** Removes what snapshots of this name left that were killed. One that is being written by a living process stays. */
async function sweepParts(target: string): Promise<void> {
  const prefix = `${basename(target)}.part`;
  for (const name of await readdir(dirname(target))) {
    const pid = name.startsWith(prefix) ? /^(?:-(\d+))?$/.exec(name.slice(prefix.length)) : null;
    if (pid !== null && (pid[1] === undefined || !isAlive(Number(pid[1])))) await rm(join(dirname(target), name), { force: true });
  }
}

/** @returns the ids of the runs that have ended as of the copy. */
async function copyDatabase(from: string, to: string): Promise<{ tables: number; ended: string[] }> {
  const source = new SQLite(from, { readonly: true, fileMustExist: true, timeout: 5000 });
  try {
    await source.backup(to, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new SQLite(to);
  try {
    // One file, without a journal beside it.
    copy.pragma('journal_mode = DELETE');
    const ended = copy
      .prepare<[], string>(`SELECT task_id FROM task_history WHERE state NOT IN ('queued', 'starting', 'running') ORDER BY created_at`)
      .pluck()
      .all();
    clean(copy, 'It was under way when the snapshot was taken from which this host was restored.');
    return { tables: Number(copy.pragma('user_version', { simple: true })), ended };
  } finally {
    copy.close();
  }
}

async function* archive(
  home: string,
  database: string,
  about: Manifest,
  ended: readonly string[],
  taken: () => void,
): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(about));
  yield encodeHeader({ name: MANIFEST, size: text.length, modified: Date.now() });
  yield text;
  yield Buffer.alloc(padding(text.length));
  yield* fileOf(DATABASE, database);
  for (const id of ended) {
    const folder = join(home, 'runs', id);
    const names: string[] = await readdir(folder).catch(() => []);
    for (const name of names.filter(isLogFile).sort()) {
      const taken = yield* fileOf(`runs/${id}/${name}`, join(folder, name));
      // It may have been compressed since the folder was listed.
      const packed = `${name}.gz`;
      if (!taken && !names.includes(packed)) yield* fileOf(`runs/${id}/${packed}`, join(folder, packed));
    }
    taken();
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** One file as it is now. Links are not followed. @returns false for one that was removed meanwhile. */
async function* fileOf(name: string, path: string): AsyncGenerator<Buffer, boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (file === null) return false;
  try {
    const found = await file.stat();
    const { size, mtimeMs } = found;
    if (!found.isFile() || found.nlink > 1) return true;
    yield encodeHeader({ name, size, modified: mtimeMs });
    let left = size;
    while (left > 0) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(CHUNK, left)), 0, Math.min(CHUNK, left));
      if (bytesRead === 0) break;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    // The header has said how long it is: what was cut off in this moment is zeros.
    for (; left > 0; left -= Math.min(CHUNK, left)) yield Buffer.alloc(Math.min(CHUNK, left));
    yield Buffer.alloc(padding(size));
    return true;
  } finally {
    await file.close();
  }
}
