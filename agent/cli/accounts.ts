import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A user of this machine. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The users of /etc/passwd. */
export function accounts(): Account[] {
  return linesOf(readPasswd());
}

/** A user by name or number, also one of a directory service (LDAP), where the machine can ask it. */
export function accountOf(user: string | number): Account | null {
  const known = accounts().find(({ name, uid }) => name === user || uid === user);
  if (known !== undefined) return known;
  const { stdout } = spawnSync('getent', ['passwd', '--', String(user)], { encoding: 'utf8' });
  return linesOf(stdout ?? '')[0] ?? null;
}

function linesOf(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(':');
    return name === undefined || home === undefined ? [] : [{ name, uid: Number(uid), gid: Number(gid), home }];
  });
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
