import type { DirectoryClaims } from '../../shared/members.ts';
import type { Database } from '../store/database.ts';
import type { Grants } from '../users/grants.ts';

/** In the place of a password hash: no password has it, and nobody logs in at a member. */
export const NO_PASSWORD = '!';

/** How many users this host has by itself, and not by a home host's directory: also by that of one whose member it is no longer. */
export function countOwnUsers(db: Database): number {
  return db.prepare<[string], number>('SELECT count(*) FROM users WHERE password_hash <> ?').pluck().get(NO_PASSWORD) ?? 0;
}

interface Row {
  id: string;
  username: string;
  role: string;
  disabled: number;
  epoch: number;
}

/**
 * Makes this member's users those of the directory, with their roles here. Whoever is gone, disabled, or was raised to a newer epoch loses
 * their sessions at once; so do the sessions that ended at the home host.
 * @param host this host's id.
 */
export function applyDirectory(
  { db, grants }: { db: Database; grants: Grants },
  directory: Pick<DirectoryClaims, 'users' | 'roles' | 'ended_sids'>,
  host: string,
  now: number,
): void {
  const roles = directory.roles[host] ?? {};
  const before = new Map(
    db
      .prepare<[], Row>('SELECT id, username, role, disabled, epoch FROM users')
      .all()
      .map((row) => [row.id, row]),
  );
  const wanted = directory.users.map((user): Row => {
    const { id, username, epoch } = user;
    return { id, username, role: roles[id] ?? user.role, disabled: user.disabled ? 1 : 0, epoch };
  });
  const stays = new Set(wanted.map(({ id }) => id));
  db.transaction(() => {
    for (const id of before.keys()) if (!stays.has(id)) grants.revokeUser(id, () => db.prepare('DELETE FROM users WHERE id = ?').run(id));
    // Two users may have exchanged their names: each is free before it is given.
    for (const { id, username } of wanted) {
      const row = before.get(id);
      if (row !== undefined && row.username !== username) db.prepare('UPDATE users SET username = id WHERE id = ?').run(id);
    }
    for (const user of wanted) {
      const row = before.get(user.id);
      const put = (): void => void db.prepare(PUT).run({ ...user, hash: NO_PASSWORD, now });
      if (row === undefined || (row.epoch === user.epoch && row.role === user.role && row.disabled === user.disabled)) {
        if (row?.username !== user.username) put();
        continue;
      }
      grants.revokeUser(user.id, () => {
        put();
        // Only the role here is another: the sessions live, and begin again with it.
        if (row.epoch === user.epoch && user.disabled === 0) db.prepare('DELETE FROM grants WHERE sub = ?').run(user.id);
      });
    }
  })();
  for (const sid of directory.ended_sids) grants.revokeSession(sid);
}

const PUT = `
  INSERT INTO users (id, username, password_hash, role, disabled, epoch, created_at, updated_at)
  VALUES ($id, $username, $hash, $role, $disabled, $epoch, $now, $now)
  ON CONFLICT (id) DO UPDATE SET username = $username, password_hash = $hash, role = $role, disabled = $disabled, epoch = $epoch, updated_at = $now`;
