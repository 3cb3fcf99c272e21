import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { FolderVerdicts } from '../scripts/resolve.ts';
import { resolveFile } from '../scripts/resolve.ts';
import { forbidWrites, removeFiles } from './git-workspace.ts';
import { rootOf } from './workspace-folder.ts';

/** What a library in a folder may have: larger ones belong into git. */
const MAX_FILES = 2000;
const MAX_BYTES = 32 * 1024 * 1024;

interface Found {
  path: string;
  bytes: Buffer;
  isProgram: boolean;
}

/**
 * A library in a folder, as it is now: a copy that nobody writes to, so that a job that began with it ends with it.
 * @param into below TORU_HOME. @returns the copy, and the SHA-256 of its files. @throws ToruError bad_request
 */
export async function copyOfLibrary(location: string, into: string): Promise<{ folder: string; revision: string }> {
  const root = rootOf(location);
  const files: Found[] = [];
  await readAll({ root, location, files, verdicts: new Map(), bytes: { left: MAX_BYTES } }, '');
  const hash = createHash('sha256');
  for (const { path, bytes, isProgram } of files) hash.update(`${path}\0${isProgram ? 'x' : '-'}${bytes.length}\0`).update(bytes);
  const revision = hash.digest('hex').slice(0, 40);
  const folder = join(into, revision);
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return { folder, revision };
  const fresh = `${folder}.new`;
  removeFiles(fresh);
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  for (const { path, bytes, isProgram } of files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(fresh, path), bytes, { mode: isProgram ? 0o700 : 0o600 });
  }
  forbidWrites(fresh);
  renameSync(fresh, folder);
  return { folder, revision };
}

interface Reading {
  root: string;
  location: string;
  files: Found[];
  verdicts: FolderVerdicts;
  bytes: { left: number };
}

/** Links lead out of what is copied: they are left out. */
async function readAll(reading: Reading, below: string): Promise<void> {
  const entries = await readdir(join(reading.root, below), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== '.git') await readAll(reading, path);
    if (!entry.isFile()) continue;
    const { real, file } = await resolveFile(reading.root, reading.location, path, 'workspace', reading.verdicts);
    reading.bytes.left -= file.size;
    if (reading.files.length >= MAX_FILES || reading.bytes.left < 0)
      throw new ToruError(
        'bad_request',
        `A library in a folder has at most ${MAX_FILES} files and ${MAX_BYTES / 1024 / 1024} MiB; ${reading.location} has more. Put it into git, or name a folder that holds the library alone.`,
        { extra: { field: 'path' } },
      );
    reading.files.push({ path, bytes: await readFile(real), isProgram: (lstatSync(real).mode & 0o100) !== 0 });
  }
}
