import type { ClientFrame } from '../../shared/browser-protocol.ts';
import { ToruError, unreachable } from '../../shared/errors.ts';
import { REAUTH_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/users.ts';
import type { Caller } from './caller.ts';

/** What an act asks of whoever does it. */
export interface Permission {
  /** `any`: every user. What they then see is their own: the room behind it looks at the caller. */
  role: 'admin' | 'any';
  /** The password must have been typed lately: a stolen session can't make itself permanent. */
  reauth?: true;
}

export const any = { role: 'any' } as const satisfies Permission;
export const admin = { role: 'admin' } as const satisfies Permission;
export const adminLately = { role: 'admin', reauth: true } as const satisfies Permission;

/** Every frame that a browser may send; those with several meanings are split by meaning. */
export const FRAMES = {
  'run.action': any,
  'run.script': admin,
  cancel: any,
  attach: any,
  detach: any,
  ack: any,
  input: any,
  'subscribe.runs': any,
  'subscribe.system': admin,
  'subscribe.plugins': admin,
  // Only of a plugin that the caller may know of: the socket asks the plugins' room.
  'subscribe.plugin': any,
  'subscribe.plugin_log': admin,
  unsubscribe: any,
  ping: any,
} as const satisfies Record<string, Permission>;

/** What a route alone does not tell: the room that does it asks for these. */
export const ACTS = {
  // Which code runs, what it sees, and for whom: a session alone must not become code.
  'action.code': adminLately,
  'settings.code': adminLately,
  'user.create': adminLately,
  'user.change': adminLately,
  'user.remove': adminLately,
  // At the local socket only.
  'user.login_link': adminLately,
  'plugin.manage': admin,
  // From then on its files run as the agent's user, or with other settings.
  'plugin.accept': adminLately,
  'plugin.code': adminLately,
  // With the current password, which counts as typed just now.
  'user.own_password': any,
} as const satisfies Record<string, Permission>;

const TABLE: ReadonlyMap<string, Permission> = new Map<string, Permission>([...Object.entries(FRAMES), ...Object.entries(ACTS)]);

export type FrameKey = keyof typeof FRAMES;
export type PermissionKey = FrameKey | keyof typeof ACTS;

/** The line that a browser's frame comes under. */
export function frameKey(frame: ClientFrame): FrameKey {
  switch (frame.type) {
    case 'run':
      return 'action' in frame ? 'run.action' : 'run.script';
    case 'subscribe':
      return `subscribe.${frame.topic}`;
    case 'cancel':
    case 'attach':
    case 'detach':
    case 'ack':
    case 'input':
    case 'unsubscribe':
    case 'ping':
      return frame.type;
    default:
      return unreachable(frame);
  }
}

/**
 * May this caller do this? Says nothing when they may.
 * @param what a permission, or its key in the tables above; null (a route that nobody registered) is refused to everybody.
 * @throws ToruError forbidden, or reauth_required when only a newly typed password is missing.
 */
export function authorize(
  caller: Pick<Caller, 'role' | 'via' | 'auth_time'>,
  what: Permission | PermissionKey | null,
  now: number = Date.now(),
): void {
  const permission = typeof what === 'string' ? (TABLE.get(what) ?? null) : what;
  if (permission === null || !hasRole(caller.role, permission.role)) {
    throw new ToruError('forbidden', 'Your user may not do this. An admin of this host can.');
  }
  if (permission.reauth === true && !typedLately(caller, now)) {
    throw new ToruError('reauth_required', 'Type your password again: this change needs one from the last 15 minutes.', {
      extra: { max_age_s: REAUTH_MS / 1000 },
    });
  }
}

function hasRole(has: Role, needs: Permission['role']): boolean {
  return needs === 'any' || has === needs;
}

/** A time in the future is no proof: a clock was changed. The local socket proves its user again by each connection. */
function typedLately(caller: Pick<Caller, 'via' | 'auth_time'>, now: number): boolean {
  return caller.via === 'local' || (caller.auth_time <= now + 60_000 && now - caller.auth_time <= REAUTH_MS);
}
