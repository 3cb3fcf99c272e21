import { ToruError } from '../../shared/errors.ts';
import { REAUTH_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/users.ts';
import type { Caller } from './caller.ts';

/** The rights that an act asks for. A permission stands beside the route, frame, topic or method that does the act. */
export interface Permission {
  /**
   * `any`: every user. What they then see is their own: the room behind it looks at the caller.
   * `terminal`: a program inside a terminal, and no user. No other permission is such a program's.
   */
  role: 'admin' | 'any' | 'terminal';
  /** The password must have been typed lately: a stolen session can't make itself permanent. */
  reauth?: true;
}

export const any = { role: 'any' } as const satisfies Permission;
export const admin = { role: 'admin' } as const satisfies Permission;
export const anyLately = { role: 'any', reauth: true } as const satisfies Permission;
/** For what decides which code runs, what it sees and for whom: a session alone must not become code. */
export const adminLately = { role: 'admin', reauth: true } as const satisfies Permission;

/** For what a program may do with the terminal that it runs in. */
export const inTerminal = { role: 'terminal' } as const satisfies Permission;

/**
 * May this caller do this? Says nothing when they may.
 * @param permission null (a route that nobody registered) is refused to everybody.
 * @throws ToruError forbidden, or reauth_required when only a newly typed password is missing.
 */
export function authorize(
  caller: Pick<Caller, 'role' | 'via' | 'auth_time'>,
  permission: Permission | null,
  now: number = Date.now(),
): void {
  if (permission === null || !hasRole(caller, permission.role)) {
    if (caller.via === 'terminal')
      throw new ToruError('forbidden', 'A program inside a terminal may not do this: its token is for that terminal alone.');
    throw new ToruError('forbidden', 'Your user may not do this. An admin of this host can.');
  }
  if (permission.reauth === true && !typedLately(caller, now)) {
    throw new ToruError('reauth_required', 'Type your password again: this change needs one from the last 15 minutes.', {
      extra: { max_age_s: REAUTH_MS / 1000 },
    });
  }
}

function hasRole({ role, via }: { role: Role; via: Caller['via'] }, needs: Permission['role']): boolean {
  if (via === 'terminal' || needs === 'terminal') return via === needs;
  return needs === 'any' || role === needs;
}

/** A time in the future is no proof: a clock was changed. The local socket proves its user again by each connection. */
function typedLately(caller: Pick<Caller, 'via' | 'auth_time'>, now: number): boolean {
  return caller.via === 'local' || (caller.auth_time <= now + 60_000 && now - caller.auth_time <= REAUTH_MS);
}
