import { execFile } from 'node:child_process';
import type { Stats } from 'node:fs';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { isOwnersGroup } from './owners-group.ts';

/** Who besides root and the agent's user could change a file or folder, and what fixes that. */
export interface Changeable {
  /** `owner`: it belongs to somebody else. `list`: by an access list (ACL). */
  by: 'everyone' | 'owner' | 'group' | 'list';
  /** The group's name, or its number. */
  group: string;
  /** The command, which the path follows. */
  fix: string;
}

/**
 * Whoever may change a script or a plugin, or a folder that it lies in, owns this host's Toru: nobody but root and the agent's
 * user shall. A group that has no other member is no danger: where each user has a group of their own, files are made
 * writable for it (umask 002). Which lists exist is asked of `ls`, for Node can't read them, and only where the bits for the
 * group, which bound them, allow to write. The `ls` of busybox does not tell.
 * @returns null when nobody else can.
 */
export async function changeableBy(found: Stats, path: string): Promise<Changeable | null> {
  const self = process.getuid?.() ?? 0;
  const group = String(found.gid);
  if ((found.mode & 0o002) !== 0) return { by: 'everyone', group, fix: 'chmod o-w' };
  if (found.uid !== 0 && found.uid !== self) return { by: 'owner', group, fix: `sudo chown ${userInfo().username}` };
  if ((found.mode & 0o020) === 0) return null;
  const own = process.platform === 'linux' && isOwnersGroup(found.gid, self, textOf('/etc/group'), textOf('/etc/passwd'));
  if (!own) return { by: 'group', group: nameOf(found.gid), fix: 'chmod g-w' };
  return (await hasList(found, path)) ? { by: 'list', group, fix: 'setfacl -b' } : null;
}

/** What was told of a file as it is: a change of its list changes its ctime. Emptied when it is large. */
const reported = new Map<string, boolean>();
const MAX_TOLD = 5000;

async function hasList({ dev, ino, ctimeMs }: Stats, path: string): Promise<boolean> {
  const key = `${dev}:${ino}:${ctimeMs}`;
  const known = reported.get(key);
  if (known !== undefined) return known;
  const { stdout } = await promisify(execFile)('ls', ['-nd', '--', path], { env: { ...process.env, LC_ALL: 'C' } });
  const has = stdout.charAt(10) === '+';
  if (reported.size >= MAX_TOLD) reported.clear();
  reported.set(key, has);
  return has;
}

function nameOf(gid: number): string {
  return new RegExp(`^([^:\n]+):[^:\n]*:${gid}:`, 'm').exec(textOf('/etc/group'))?.[1] ?? String(gid);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
