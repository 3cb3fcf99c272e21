import type { Stats } from 'node:fs';
import { accessSync, constants, readlinkSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ToruError, unreachable } from '../../shared/errors.ts';
import type { Changeable } from '../system/changeable.ts';
import { changeableBy, replaceableBy } from '../system/changeable.ts';
import { foldersAbove } from '../system/folders-above.ts';
import { quote, reach, requireFolder } from './folder.ts';

/** The problem of a folder, found once per listing: null when nothing is. */
export type FolderVerdicts = Map<string, ToruError | null>;

/**
 * From a script's name to the path to spawn, checked in full: inside scripts_dir after every link is
 * followed, a regular file that may be run, and nothing on the way that another user of the host could have changed. That
 * holds for every folder in which a link stands too, so that nobody can lead the path elsewhere between this and the start.
 * @param name path below `folder`, `/` between folders.
 * @returns the path as it was called, below the real scripts_dir: where a name is a link, the script finds the link's name in `$0`
 * and the link's folder around it, as in a terminal. The real path where a link leads out of scripts_dir and back.
 * @throws ToruError scripts_folder, script_outside, unknown_script, script_not_executable, script_unsafe; the last two with the command that fixes it.
 */
export async function resolveScript(folder: string, name: string, verdicts: FolderVerdicts = new Map()): Promise<string> {
  refuseEscape(name, 'scripts folder');
  await reach(join(folder, name));
  const { path, file, real } = await resolveFile(requireFolder(folder), folder, name, 'scripts folder', verdicts);
  mayRun(real, file, shorten(name));
  return path;
}

/**
 * The same for a file that need not be one to execute. @param root the real path of `folder`. @param what as people call the folder.
 * @returns its path as it is called and with every link followed. @throws ToruError script_outside, unknown_script, script_unsafe
 */
export async function resolveFile(
  root: string,
  folder: string,
  name: string,
  what: string,
  verdicts: FolderVerdicts = new Map(),
): Promise<{ path: string; real: string; file: Stats }> {
  const shown = shorten(name);
  refuseEscape(name, what);
  const wanted = join(root, name);
  const real = realPathOf(wanted, shown, what);
  if (!real.startsWith(root + sep)) throw new ToruError('script_outside', `“${shown}” leads out of the ${what}.`);
  const file = statSync(real);
  if (!file.isFile()) throw new ToruError('unknown_script', `“${shown}” is not a file.`);
  // The folders of the name and those of the file differ when links stand between them: who may write any of them decides what runs.
  const onTheWay = foldersOnTheWay(root, wanted);
  const above = aboveVerdict(folder, verdicts);
  if (above !== null) throw above;
  for (const directory of new Set([...(onTheWay ?? foldersBetween(root, wanted)), ...foldersBetween(root, real)])) {
    const wrong = await folderVerdict(directory, verdicts);
    if (wrong !== null) throw wrong;
  }
  const wrong = await changeable(file, real);
  if (wrong !== null) throw wrong;
  return { path: onTheWay === null ? real : wanted, real, file };
}

/** @throws ToruError script_outside */
function refuseEscape(name: string, what: string): void {
  if (escapes(name)) throw new ToruError('script_outside', `“${shorten(name)}” is not a name below the ${what}.`);
}

function escapes(name: string): boolean {
  return name === '' || name.includes('\0') || isAbsolute(name) || name.split(/[/\\]/).includes('..');
}

function realPathOf(wanted: string, shown: string, what: string): string {
  try {
    return realpathSync.native(wanted);
  } catch (cause) {
    if (codeOf(cause) === 'EACCES') throw unreadable(shown, wanted, cause);
    throw new ToruError('unknown_script', `There is no ${what === 'scripts folder' ? 'script' : 'file'} “${shown}” in the ${what}.`, {
      cause,
    });
  }
}

function mayRun(path: string, file: Stats, shown: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    const message =
      (file.mode & 0o111) === 0
        ? `“${shown}” may not be run. Allow it: chmod +x ${quote(path)}`
        : `“${shown}” may not be run by ${userInfo().username}, or its file system is mounted noexec. Look at: ls -l ${quote(path)}; findmnt -T ${quote(path)}`;
    throw new ToruError('script_not_executable', message, { cause });
  }
}

/** As many links in a row as the kernel follows: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const MAX_LINKS = 40;

/**
 * The real folders below `root` in which a part of the path stands, over every link: `/s` and `/s/a` for the link `/s/x.sh` to
 * `a/x.sh`. Null when a link leads out on the way.
 */
function foldersOnTheWay(root: string, path: string): string[] | null {
  const folders: string[] = [root];
  let [at, rest, links] = [root, relative(root, path).split(sep), 0];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = resolve(at, part);
    const target = linkTarget(next);
    if (target === null) at = next;
    else {
      links += 1;
      const inside = isAbsolute(target) ? relative(root, target) : target;
      if (isAbsolute(target)) at = root;
      rest = [...inside.split(sep), ...rest];
    }
    if (links > MAX_LINKS || (at !== root && !at.startsWith(root + sep))) return null;
    folders.push(at);
  }
  // The last one is the file.
  return folders.slice(0, -1);
}

/** Null for what is no link, or is gone. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** `/s`, `/s/a`, `/s/a/b` for `/s/a/b/x.sh` below `/s`. */
function foldersBetween(root: string, path: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(path); at.length >= root.length; at = dirname(at)) {
    folders.push(at);
    if (at === root) break;
  }
  return folders.reverse();
}

async function folderVerdict(directory: string, verdicts: FolderVerdicts): Promise<ToruError | null> {
  const known = verdicts.get(directory);
  if (known !== undefined) return known;
  const verdict = await changeable(statSync(directory), directory);
  verdicts.set(directory, verdict);
  return verdict;
}

/** Could anybody else put another folder in the place of the scripts folder, or lead a link on the way to it elsewhere? */
function aboveVerdict(folder: string, verdicts: FolderVerdicts): ToruError | null {
  for (const above of foldersAbove(resolve(folder))) {
    const key = `above ${above}`;
    const known = verdicts.get(key);
    const verdict = known === undefined ? unsafe(replaceableBy(statSync(above), above), above) : known;
    verdicts.set(key, verdict);
    if (verdict !== null) return verdict;
  }
  return null;
}

/** Could anybody else have put something here? Then it is not the owner's script any more. */
async function changeable(found: Stats, path: string): Promise<ToruError | null> {
  return unsafe(await changeableBy(found, path), path);
}

function unsafe(other: Changeable | null, path: string): ToruError | null {
  return other === null ? null : new ToruError('script_unsafe', `${whoMay(other, quote(path))} Fix it: ${other.fix} ${quote(path)}`);
}

function whoMay({ by, group }: Changeable, path: string): string {
  switch (by) {
    case 'everyone':
      return `Every user of this host may change ${path}.`;
    case 'owner':
      return `${path} belongs to another user.`;
    case 'group':
      return `The group “${group}”, in which others are, may change ${path}.`;
    case 'list':
      return `An access list (ACL) lets others change ${path}.`;
    default:
      return unreachable(by);
  }
}

function unreadable(shown: string, path: string, cause: unknown): ToruError {
  return new ToruError(
    'script_unsafe',
    `${userInfo().username} may not look at “${shown}”. Check the folders of ${quote(path)}: namei -l ${quote(path)}`,
    { cause },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function shorten(name: string): string {
  const plain = name.replace(/\p{Cc}/gu, '�');
  return plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
}
