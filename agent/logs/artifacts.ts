import { type Dirent, lstatSync, readdirSync, rmdirSync, rmSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, artifactName, kindOf } from '../../shared/artifacts.ts';
import { compareText } from '../../shared/compare-text.ts';
import { ToruError } from '../../shared/errors.ts';
import { MAX_ARTIFACT_BYTES, MAX_ARTIFACTS } from '../../shared/limits.ts';
import { downloadOf } from './download.ts';
import { openRegularHandle } from './regular-file.ts';

/** In a run's folder: the script has its path in `$TORU_ARTIFACTS`. */
export const ARTIFACTS_FOLDER = 'artifacts';

/**
 * The results in a run's folder, by name. What is no regular file, has a second name elsewhere, or is hidden is none, and nor is anything
 * when the script put a link in the folder's place.
 */
export async function listArtifacts(folder: string): Promise<Artifact[]> {
  const own = join(folder, ARTIFACTS_FOLDER);
  if (!(await lstat(own).catch(() => null))?.isDirectory()) return [];
  const found: Artifact[] = [];
  // At the end of a run an empty folder goes, with old history a full one, and a script may take its rights away: at any moment.
  const entries = await readdir(own, { withFileTypes: true }).catch(() => []);
  for (const { name } of entries.filter(isResult)) {
    const file = await lstat(join(own, name)).catch(() => null);
    if (file !== null && isOwn(file)) found.push({ name, size: file.size, modified_at: file.mtime.toISOString(), kind: kindOf(name) });
  }
  return found.sort((a, b) => compareText(a.name, b.name)).slice(0, MAX_ARTIFACTS);
}

/** One result, as a download. @throws ToruError not_found */
export async function artifactResponse(folder: string, name: string): Promise<Response> {
  const own = join(folder, ARTIFACTS_FOLDER);
  const isFolder = (await lstat(own).catch(() => null))?.isDirectory() === true;
  const open = (): Promise<FileHandle> => openRegularHandle(join(own, name));
  const stats = isFolder ? await statsOf(open).catch(() => null) : null;
  if (stats === null || !isOwn(stats))
    throw new ToruError('not_found', 'This run has no such result. It may have been removed with old history.');
  return downloadOf(open, stats.size, name);
}

async function statsOf(open: () => Promise<FileHandle>): Promise<Stats> {
  const file = await open();
  try {
    return await file.stat();
  } finally {
    await file.close();
  }
}

/**
 * At the end of a run: results beyond what one run may leave go, the largest first.
 * @returns the size of what stays, in bytes, and the names of what went.
 */
export function settleArtifacts(folder: string, most: number = MAX_ARTIFACT_BYTES): { bytes: number; removed: string[] } {
  const own = join(folder, ARTIFACTS_FOLDER);
  const removed: string[] = [];
  let bytes = 0;
  try {
    if (!lstatSync(own).isDirectory()) return { bytes, removed };
    const files = walk(own, '', 0).sort((a, b) => b.size - a.size);
    bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (bytes <= most) break;
      rmSync(join(own, path), { force: true });
      bytes -= size;
      removed.push(path);
    }
    if (files.length === 0) rmdirSync(own);
  } catch {
    // The end of a run does not wait for a folder that can’t be read, or is not empty after all.
  }
  return { bytes, removed };
}

const MAX_DEPTH = 8;

/** Every file below, whatever it is: what is not shown takes room, too. */
function walk(root: string, below: string, depth: number): { path: string; size: number }[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return depth < MAX_DEPTH ? walk(root, path, depth + 1) : [];
    return [{ path, size: lstatSync(join(root, path)).size }];
  });
}

function isResult(entry: Dirent): boolean {
  return entry.isFile() && artifactName.safeParse(entry.name).success;
}

/** A file with a second name may be another's: the script may have made a link to it. */
function isOwn(file: Stats): boolean {
  return file.isFile() && file.nlink === 1;
}
