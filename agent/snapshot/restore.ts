import { createReadStream, existsSync, readdirSync, statfsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import SQLite from 'better-sqlite3';
import { parseJson } from '../../shared/json.ts';
import { prepareHome } from '../config-home.ts';
import { lockHome } from '../lock.ts';
import { StartError } from '../start-error.ts';
import { MIGRATIONS } from '../tables.ts';
import { ByteReader } from './byte-reader.ts';
import { clean } from './clean.ts';
import type { Manifest } from './contents.ts';
import { DATABASE, isLogPath, MANIFEST, manifest } from './contents.ts';
import { isHalfRestored, restorePrefix, sweepRestores } from './leftovers.ts';
import type { TarEntry } from './tar.ts';
import { BLOCK, broken, decodeHeader, padding } from './tar.ts';

const MAX_MANIFEST = 64 * 1024;
/** The room that must stay free on the disk. */
const KEEP_FREE = 64 * 1024 * 1024;

export interface RestoreResult {
  about: Manifest;
  runs: number;
}

/**
 * Fills an empty TORU_HOME from a snapshot. Nobody is logged in after it, and the host gets a new key at its next start.
 * Either all of it is there afterwards, or nothing. @throws StartError
 */
export async function restoreSnapshot(home: string, file: string): Promise<RestoreResult> {
  if (!existsSync(file)) throw new StartError(`${file} does not exist.`);
  const again = existsSync(home) && isHalfRestored(home);
  if (!again && existsSync(home) && readdirSync(home).length > 0) {
    throw new StartError(
      `${home} is not empty, and a restore overwrites nothing. Stop the agent and move that folder away, or set TORU_HOME to another one.`,
    );
  }
  prepareHome(home);
  const lock = lockHome(home);
  if (again) {
    sweepRestores(home);
    await rm(join(home, 'runs'), { recursive: true, force: true });
  }
  const work = await mkdtemp(restorePrefix(home));
  try {
    const result = await unpack(file, work);
    checkDatabase(join(work, DATABASE));
    // The database last: before it, this is no home of anyone.
    if (existsSync(join(work, 'runs'))) await rename(join(work, 'runs'), join(home, 'runs'));
    await rename(join(work, DATABASE), join(home, DATABASE));
    return result;
  } catch (error) {
    await rm(join(home, 'runs'), { recursive: true, force: true });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
    lock.release();
    // Empty again, so that it can be tried again.
    if (!existsSync(join(home, DATABASE)))
      for (const name of readdirSync(home)) if (name.startsWith('agent.lock')) await rm(join(home, name));
  }
}

async function unpack(file: string, to: string): Promise<RestoreResult> {
  const input = createReadStream(file);
  const unzipped = input.pipe(createGunzip());
  input.on('error', (error) => unzipped.destroy(error));
  try {
    return await unpackFrom(new ByteReader(unzipped), to);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') throw broken('it can’t be unpacked');
    throw error;
  } finally {
    unzipped.destroy();
    input.destroy();
  }
}

async function unpackFrom(bytes: ByteReader, to: string): Promise<RestoreResult> {
  const first = await next(bytes);
  if (first?.name !== MANIFEST || first.size > MAX_MANIFEST) throw broken('it does not begin as one');
  const about = manifestOf(await bytes.take(first.size));
  await bytes.skip(padding(first.size));
  if (about.tables > MIGRATIONS.length) {
    throw new StartError(`This snapshot was taken by a newer Toru (${about.version}). Install that version to restore it.`);
  }
  const seen = new Set<string>();
  const runs = new Set<string>();
  for (let entry = await next(bytes); entry !== null; entry = await next(bytes)) {
    if (entry.name !== DATABASE && !isLogPath(entry.name))
      throw broken(`it holds “${entry.name.replace(/[^\x20-\x7e]/g, '?')}”, which does not belong there`);
    if (seen.has(entry.name)) throw broken(`it holds “${entry.name}” twice`);
    seen.add(entry.name);
    await write(bytes, entry, to);
    if (entry.name !== DATABASE) runs.add(dirname(entry.name));
  }
  await bytes.end();
  if (!seen.has(DATABASE)) throw broken('the database is missing');
  return { about, runs: runs.size };
}

async function next(bytes: ByteReader): Promise<TarEntry | null> {
  return decodeHeader(await bytes.take(BLOCK));
}

function manifestOf(bytes: Buffer): Manifest {
  try {
    return manifest.parse(parseJson(bytes.toString('utf8'), 'The manifest'));
  } catch {
    throw broken('what it says of itself is not understood');
  }
}

async function write(bytes: ByteReader, { name, size, modified }: TarEntry, to: string): Promise<void> {
  const { bavail, bsize } = statfsSync(to);
  if (size > bavail * bsize - KEEP_FREE)
    throw new StartError(`The disk has too little room for “${name}” (${size} bytes). Nothing was restored.`);
  const path = join(to, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600);
  try {
    for (let left = size; left > 0; ) {
      const piece = await bytes.some(left);
      await file.writeFile(piece);
      left -= piece.length;
    }
    if (name === DATABASE) await file.sync();
  } finally {
    await file.close();
  }
  await utimes(path, new Date(), new Date(modified));
  await bytes.skip(padding(size));
}

/** A whole database of ours, in which nobody is logged in and nothing waits to be run. @throws StartError */
function checkDatabase(file: string): void {
  const db = new SQLite(file, { fileMustExist: true });
  try {
    db.pragma('trusted_schema = OFF');
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw broken('the database is damaged');
    if (Number(db.pragma('user_version', { simple: true })) > MIGRATIONS.length) throw broken('the database is of a newer Toru');
    clean(db, 'It was under way when the snapshot was taken from which this host was restored.');
  } catch (error) {
    if (error instanceof SQLite.SqliteError) throw broken('the database is damaged');
    throw error;
  } finally {
    db.close();
  }
}
