import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import argon2 from 'argon2';
import { onTestFinished } from 'vitest';
import { randomHex } from '../../shared/encoding.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Role } from '../../shared/users.ts';
import { Audit } from '../audit/audit.ts';
import type { Identity } from '../link/identity.ts';
import { loadIdentity } from '../link/identity.ts';
import { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from './caller.ts';
import { Grants } from './grants.ts';
import { Login } from './login.ts';
import { LoginLinks } from './login-links.ts';
import type { Argon2 } from './passwords.ts';
import { Passwords } from './passwords.ts';
import { Users } from './users.ts';

/** For tests: the services around users as main.ts puts them together, on a real database, with a clock that can be set. */

export const INSTALLATION = '11111111-1111-4111-8111-111111111111';
export const PASSWORD = 'correct horse battery';

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'toru-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface TestServices {
  home: string;
  clock: { now: number };
  db: Database;
  audit: Audit;
  settings: Settings;
  identity: Identity;
  grants: Grants;
  passwords: Passwords;
  users: Users;
  loginLinks: LoginLinks;
  login: Login;
  /** The entries that the audit could not write. */
  logged: string[];
}

/** Unless a test is about hashing: hashes of the same form, made in a twentieth of the time. */
const QUICK_ARGON2: Argon2 = {
  hash: (password, options) => argon2.hash(password, { ...options, memoryCost: 1024 }),
  verify: (hash, password) => argon2.verify(hash, password),
};

export function makeServices(options: { home?: string; argon2?: Argon2; failureMs?: number } = {}): TestServices {
  const home = options.home ?? tempDir();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const now = (): number => clock.now;
  const logged: string[] = [];
  const db = openDatabase(join(home, 'toru.db'));
  onTestFinished(() => void db.close());
  const audit = new Audit(db, { error: (detail, message) => logged.push(`${message} ${JSON.stringify(detail)}`) }, { now });
  const settings = new Settings(db, audit, { home, scripts_dir: null, version: '0.0.0' });
  const identity = loadIdentity(home);
  const grants = new Grants(db, identity, settings, { now });
  grants.setInstallation(INSTALLATION);
  const passwords = new Passwords(options.argon2 ?? QUICK_ARGON2);
  const users = new Users(db, passwords, grants, audit, { now });
  const loginLinks = new LoginLinks({ host: settings.instance_id, identity, users, grants, audit, origin: 'https://toru.example', now });
  const login = new Login(users, grants, audit, loginLinks, { now, failureMs: options.failureMs ?? 1 });
  return { home, clock, db, audit, settings, identity, grants, passwords, users, loginLinks, login, logged };
}

/** A user with PASSWORD. */
export function addUser({ users }: TestServices, username: string, role: Role = 'client') {
  return users.insert({ username, password: PASSWORD, role });
}

/** A session of this user, as a login makes it. */
export function session({ grants, clock }: TestServices, user: { id: string }) {
  const sid = randomHex(32);
  return { sid, grant: grants.mint({ user, sid, auth_time: clock.now }) };
}

export function callerOf(user: { id: string; username: string; role: Role }, auth_time: number): Caller {
  return { user_id: user.id, username: user.username, role: user.role, via: 'edge', sid: randomHex(32), address: '203.0.113.7', auth_time };
}

/** The code of the ToruError that this throws; anything else goes on. Null when it throws nothing. */
export async function refusal(act: () => unknown): Promise<ErrorCode | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof ToruError) return error.code;
    throw error;
  }
}
