import type { Stats } from 'node:fs';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { quote, requireFolder } from './folder.ts';

/** What is wrong with a folder, found once per listing: null when nothing is. */
export type FolderVerdicts = Map<string, Promise<ToruError | null>>;

/**
 * From a script's name to the path to spawn, checked in full: inside scripts_dir after every link is
 * followed, a regular file that may be run, and nothing on the way that another user of the host could have changed. The
 * path is real, so that what was checked is what is spawned.
 * @param name path below `folder`, `/` between folders.
 * @throws ToruError scripts_folder, script_outside, unknown_script, script_not_executable, script_unsafe; the last two with the command that mends it.
 */
export async function resolveScript(folder: string, name: string, verdicts: FolderVerdicts = new Map()): Promise<string> {
  const shown = shorten(name);
  if (escapes(name)) throw new ToruError('script_outside', `“${shown}” is not a name below the scripts folder.`);
  const root = await requireFolder(folder);
  const asked = join(root, name);
  const path = await realpath(asked).catch((cause: unknown) => {
    throw codeOf(cause) === 'EACCES'
      ? unreadable(shown, asked, cause)
      : new ToruError('unknown_script', `There is no script “${shown}” in the scripts folder.`, { cause });
  });
  if (!path.startsWith(root + sep)) throw new ToruError('script_outside', `“${shown}” leads out of the scripts folder.`);
  const file = await stat(path);
  if (!file.isFile()) throw new ToruError('unknown_script', `“${shown}” is not a file.`);
  // The folders of the name and those of the file differ when a link stands between them: who may write either decides what runs.
  for (const directory of new Set([...foldersBetween(root, asked), ...foldersBetween(root, path)])) {
    const wrong = await folderVerdict(directory, verdicts);
    if (wrong !== null) throw wrong;
  }
  const wrong = changeable(file, path);
  if (wrong !== null) throw wrong;
  await mayRun(path, file, shown);
  return path;
}

function escapes(name: string): boolean {
  return name === '' || name.includes('\0') || isAbsolute(name) || name.split(/[/\\]/).includes('..');
}

async function mayRun(path: string, file: Stats, shown: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch (cause) {
    const message =
      (file.mode & 0o111) === 0
        ? `“${shown}” may not be run. Allow it: chmod +x ${quote(path)}`
        : `“${shown}” may not be run by ${userInfo().username}, or its file system is mounted noexec. Look at: ls -l ${quote(path)}; findmnt -T ${quote(path)}`;
    throw new ToruError('script_not_executable', message, { cause });
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

function folderVerdict(directory: string, verdicts: FolderVerdicts): Promise<ToruError | null> {
  const known = verdicts.get(directory);
  if (known !== undefined) return known;
  const verdict = stat(directory).then((folder) => changeable(folder, directory));
  verdicts.set(directory, verdict);
  return verdict;
}

/** Could anybody else have put something here? Then it is not the owner's script any more. */
function changeable(found: Stats, path: string): ToruError | null {
  if ((found.mode & 0o002) !== 0) {
    return new ToruError('script_unsafe', `Every user of this host may change ${quote(path)}. Mend it: chmod o-w ${quote(path)}`);
  }
  const self = process.getuid?.();
  if (found.uid !== 0 && found.uid !== self) {
    return new ToruError(
      'script_unsafe',
      `${quote(path)} belongs to another user. Mend it: sudo chown ${userInfo().username} ${quote(path)}`,
    );
  }
  return null;
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
