import { execFile, execFileSync } from 'node:child_process';
import type { Stats } from 'node:fs';
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { isOwnersGroup } from './owners-group.ts';

/** The users besides root and the agent's own who could change a file or folder, and what fixes that. */
export interface Changeable {
  /** `owner`: it belongs to somebody else. `list`: by an access list (ACL). */
  by: 'everyone' | 'owner' | 'group' | 'list';
  /** The group's name, or its number. */
  group: string;
  /** The command, which the path follows. */
  fix: string;
}

/**
 * A user who may change a script or a plugin, or a folder that it lies in, owns this host's Toru: nobody but root and the agent's
 * user shall. A group that has no other member is no danger: where each user has a group of their own, files are made
 * writable for it (umask 002). Which lists exist is asked of `ls`, for Node can't read them, and only where the bits for the
 * group, which bound them, allow to write. The `ls` of busybox does not tell.
 * @returns null when nobody else can.
 */
export async function changeableBy(found: Stats, path: string): Promise<Changeable | null> {
  const other = byMode(found);
  return other?.by === 'list' && !(await hasList(found, path)) ? null : other;
}

/**
 * A user who may rename the entries of a folder can put something of their own in its place, also where they may not read or write
 * that itself. In a folder with the sticky bit (`/tmp`) only its owner can. Where users are mapped (a container), the owner of `/` is
 * its root, whatever number that has. Waits for `ls` where a list is to be looked for.
 * @returns null when nobody but root and the agent's user can.
 */
export function replaceableBy(found: Stats, path: string): Changeable | null {
  const STICKY = 0o1000;
  const owned = found.uid === statSync('/').uid ? null : foreignOwner(found);
  if (owned !== null || (found.mode & STICKY) !== 0) return owned;
  const other = byMode(found);
  if (other?.by === 'owner' || (other?.by === 'list' && !hasListNow(found, path))) return null;
  return other;
}

/** The answer of owner and mode. `list` where a list is to be looked for. */
function byMode(found: Stats): Changeable | null {
  const group = String(found.gid);
  if ((found.mode & 0o002) !== 0) return { by: 'everyone', group, fix: 'chmod o-w' };
  const owned = foreignOwner(found);
  if (owned !== null || (found.mode & 0o020) === 0) return owned;
  const self = process.getuid?.() ?? 0;
  const own = process.platform === 'linux' && isOwnersGroup(found.gid, self, textOf('/etc/group'), textOf('/etc/passwd'));
  return own ? { by: 'list', group, fix: 'setfacl -b' } : { by: 'group', group: nameOf(found.gid), fix: 'chmod g-w' };
}

function foreignOwner({ uid, gid }: Stats): Changeable | null {
  if (uid === 0 || uid === process.getuid?.()) return null;
  return { by: 'owner', group: String(gid), fix: `sudo chown ${userInfo().username}` };
}

/** The known answers, by file and ctime: a change of its list changes its ctime. Emptied when it is large. */
const reported = new Map<string, boolean>();
const MAX_TOLD = 5000;
const LS = { env: { ...process.env, LC_ALL: 'C' } };

async function hasList(found: Stats, path: string): Promise<boolean> {
  return reported.get(keyOf(found)) ?? remember(found, (await promisify(execFile)('ls', ['-nd', '--', path], LS)).stdout);
}

function hasListNow(found: Stats, path: string): boolean {
  return reported.get(keyOf(found)) ?? remember(found, execFileSync('ls', ['-nd', '--', path], { ...LS, encoding: 'utf8' }));
}

function keyOf({ dev, ino, ctimeMs }: Stats): string {
  return `${dev}:${ino}:${ctimeMs}`;
}

function remember(found: Stats, line: string): boolean {
  const has = line.charAt(10) === '+';
  if (reported.size >= MAX_TOLD) reported.clear();
  reported.set(keyOf(found), has);
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
