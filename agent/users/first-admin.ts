import type { Audit } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import { NEEDS_ADMIN_PASSWORD } from '../config.ts';
import type { Settings } from '../settings/settings.ts';
import { StartError } from '../start-error.ts';
import { generatePassword } from './generated-password.ts';
import type { Passwords } from './passwords.ts';
import type { Users } from './users.ts';

/** The credentials that the first start has to tell its owner, once. */
export interface FirstAdmin {
  username: string;
  /** To be printed and never kept; null when the owner chose it in ADMIN_PASSWORD. */
  generated_password: string | null;
}

/**
 * Sees to it that the owner can log in.
 * - No users yet: makes the admin, with ADMIN_PASSWORD or a generated password.
 * - Later: an ADMIN_USERNAME and ADMIN_PASSWORD that differ from the pair taken over last are taken over: that user becomes
 *   an enabled admin with this password. So an owner who forgot theirs sets a new one and restarts; and a unit file with
 *   the old one does not undo what was changed in the page since.
 * @returns the admin that was made on the first start, null later.
 * @throws StartError when PRODUCTION=1 and the first start has no ADMIN_PASSWORD.
 */
export async function ensureAdmin(
  config: Pick<Config, 'admin_username' | 'admin_password' | 'production'>,
  services: { users: Users; passwords: Passwords; settings: Settings; audit: Audit; membership?: { readonly home: object | null } },
): Promise<FirstAdmin | null> {
  // A member's users log in at its home host.
  if (services.membership?.home != null) return null;
  const { users, passwords, settings, audit } = services;
  const { admin_username: username, admin_password: password } = config;
  const applied = settings.internal.admin_applied;
  const note = async (event: string, detail: Record<string, unknown>): Promise<void> => {
    if (password !== null) settings.set({ admin_applied: { username, hash: await passwords.hash(password) } });
    audit.record({ event, caller: null, target: username, outcome: 'ok', detail });
  };

  if (users.list().length === 0) {
    if (password === null && config.production) throw new StartError(NEEDS_ADMIN_PASSWORD);
    const generated = password === null ? generatePassword() : null;
    await users.insert({ username, password: password ?? generated ?? '', role: 'admin' });
    await note('user.create', { by: 'first start', role: 'admin' });
    return { username, generated_password: generated };
  }

  if (password === null) return null;
  if (applied !== undefined && applied.username === username && (await passwords.verify(applied.hash, password))) return null;
  const user = users.byName(username);
  if (user === null) await users.insert({ username, password, role: 'admin' });
  else await users.change(user.id, { password, role: 'admin', disabled: false });
  await note(user === null ? 'user.create' : 'user.update', { by: 'ADMIN_PASSWORD', role: 'admin' });
  return null;
}
