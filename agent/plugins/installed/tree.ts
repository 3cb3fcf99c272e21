import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ToruError, unreachable } from '../../../shared/errors.ts';
import type { Changeable } from '../../system/changeable.ts';
import { changeableBy } from '../../system/changeable.ts';

/** A plugin's files, all together. */
export const MAX_FILES = 5000;
export const MAX_BYTES = 256 * 1024 * 1024;
/** Files and folders: more than that are not even looked at. */
const MAX_THINGS = 2 * MAX_FILES;

export interface Tree {
  /** Over the path, the executable bit and the bytes of every file. */
  sha256: string;
  /** By path in the folder; `''` is a plugin that is one file. */
  files: ReadonlyMap<string, { sha256: string; bytes: number }>;
  executables: ReadonlySet<string>;
}

/**
 * Everything that a plugin consists of, as one number: what was accepted is what is started.
 * @param path its folder, or its one file. @throws ToruError plugin_invalid: links, files that anybody may change, too much.
 */
export async function hashTree(path: string, maxThings: number = MAX_THINGS): Promise<Tree> {
  const entries: { path: string; executable: boolean; size: number }[] = [];
  let [things, bytes] = [0, 0];
  const visit = async (inside: string): Promise<void> => {
    things += 1;
    if (things > maxThings) tooMuch();
    const info = await lstat(join(path, inside));
    const name = inside === '' ? 'it' : `“${inside}”`;
    if (info.isSymbolicLink()) invalid(`${name} is a symbolic link. A plugin is made of files only.`);
    const other = await changeableBy(info, join(path, inside));
    if (other !== null) invalid(whoMay(other, name));
    if (info.isDirectory()) {
      for (const child of await namesIn(join(path, inside), maxThings)) await visit(join(inside, child));
      return;
    }
    if (!info.isFile()) invalid(`${name} is neither a file nor a folder.`);
    bytes += info.size;
    entries.push({ path: inside, executable: (info.mode & 0o100) !== 0, size: info.size });
    if (entries.length > MAX_FILES || bytes > MAX_BYTES) tooMuch();
  };
  await visit('');
  const treeHash = createHash('sha256');
  const files = new Map<string, { sha256: string; bytes: number }>();
  for (const entry of entries) {
    const own = createHash('sha256');
    await using file = await openPlain(join(path, entry.path));
    await pipeline(file.createReadStream({ autoClose: false, end: Math.max(entry.size - 1, 0) }), own);
    const sha256 = own.digest('hex');
    files.set(entry.path, { sha256, bytes: entry.size });
    // JSON, so that no file name can be taken for two.
    treeHash.update(`${JSON.stringify([entry.path, entry.executable, sha256])}\n`);
  }
  const executables = new Set(entries.filter(({ executable }) => executable).map((entry) => entry.path));
  return { sha256: treeHash.digest('hex'), files, executables };
}

/** The folder in which plugins lie: who may change it puts others in their place. @throws ToruError plugin_invalid */
export async function checkFolder(folder: string): Promise<void> {
  const info = await lstat(folder);
  // Every link has mode 0777, which says nothing; and whoever may change a folder on its way has the plugins exchanged.
  if (info.isSymbolicLink()) invalid(`the folder ${folder} is a symbolic link. Put the folder itself there.`);
  const other = await changeableBy(info, folder);
  if (other !== null) invalid(whoMay(other, `the folder ${folder}`));
}

function whoMay({ by, group, fix }: Changeable, what: string): string {
  switch (by) {
    case 'everyone':
      return `${what} can be changed by every user of this host. Use: ${fix}`;
    case 'owner':
      return `${what} belongs to another user of this host. Use: ${fix}`;
    case 'group':
      return `${what} can be changed by the group “${group}”, in which others are. Use: ${fix}`;
    case 'list':
      return `${what} can be changed by others, by an access list (ACL). Use: ${fix}`;
    default:
      return unreachable(by);
  }
}

/** In order. A folder may hold a million names: they are not all read. */
async function namesIn(folder: string, most: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) if (names.push(name) > most) tooMuch();
  return names.sort();
}

function tooMuch(): never {
  invalid(`it has more than ${MAX_FILES} files or ${MAX_BYTES / 1024 / 1024} MiB. Leave out what it does not need.`);
}

function invalid(why: string): never {
  throw new ToruError('plugin_invalid', why);
}

/**
 * Opens a file of a plugin as what it was when somebody looked: a pipe or a device put in its place never makes the agent wait.
 * @throws ToruError plugin_invalid for what is no plain file, what the system says otherwise.
 */
export async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new ToruError('plugin_invalid', 'A pipe or a device stands where one of its files was.');
}

/**
 * The bytes of a file whose hash is known.
 * @param sha256 as it was accepted, or found. @returns null when they are others now, or more than `maxBytes`.
 */
export async function readKnown(path: string, sha256: string, maxBytes: number): Promise<Buffer | null> {
  await using file = await openPlain(path);
  if ((await file.stat()).size > maxBytes) return null;
  const bytes = await file.readFile();
  return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null;
}
