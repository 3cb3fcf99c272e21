import type { ClientFrame } from '../../shared/browser-protocol.ts';
import { ToruError, unreachable } from '../../shared/errors.ts';
import { REAUTH_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/model.ts';
import type { Caller } from './caller.ts';

/** What an act asks of whoever does it. */
export interface Permission {
  /** `any`: every user. What they then see is their own: the room behind it looks at the caller. */
  role: 'admin' | 'any';
  /** The password must have been typed lately: a stolen session can't make itself permanent. */
  reauth?: true;
}

const any = { role: 'any' } as const satisfies Permission;
const admin = { role: 'admin' } as const satisfies Permission;
const adminLately = { role: 'admin', reauth: true } as const satisfies Permission;

/** Every HTTP route of the agent. What does not stand here is refused to everybody. */
export const ROUTES = {
  'GET /api/scripts': admin,
  'GET /api/actions': any,
  // Also `action.code`.
  'POST /api/actions': admin,
  'PUT /api/actions/order': admin,
  'GET /api/actions/:id': any,
  // For what decides which code runs also `action.code`.
  'PATCH /api/actions/:id': admin,
  'DELETE /api/actions/:id': admin,
  // By what is asked, also `run.action` or `run.script`.
  'POST /api/runs': any,
  'GET /api/runs': any,
  'GET /api/runs/:id': any,
  'PATCH /api/runs/:id': any,
  'GET /api/runs/:id/output': any,
  'GET /api/runs/:id/search': any,
  'POST /api/runs/:id/cancel': any,
  'POST /api/runs/:id/input': any,
  'GET /api/search': any,
  'GET /api/system': admin,
  'GET /api/settings': admin,
  // For a new scripts_dir or other env_allow also `settings.code`.
  'PUT /api/settings': admin,
  'GET /api/users': admin,
  'POST /api/users': adminLately,
  'GET /api/users/:id': admin,
  // By what is changed, also `user.own_password` or `user.change`.
  'PATCH /api/users/:id': any,
  'DELETE /api/users/:id': adminLately,
  'POST /api/login-links': admin,
  'POST /api/key/rotate': admin,
  'GET /api/audit': admin,
  'GET /api/audit/verify': admin,
  'GET /api/audit/export': admin,
  // Of which plugins a caller may know, and what of them, the plugins' room decides.
  'GET /api/plugins': any,
  'GET /api/plugins/:id': any,
  // For one that is off also `plugin.code`, for new or changed files `plugin.accept`.
  'POST /api/plugins/:id/enable': admin,
  'POST /api/plugins/:id/disable': admin,
  'GET /api/plugins/:id/bundle.js': any,
  'GET /api/plugins/:id/logs': admin,
  'GET /api/plugins/:id/*': any,
  'POST /api/plugins/:id/*': any,
  'PUT /api/plugins/:id/*': any,
  'PATCH /api/plugins/:id/*': any,
  'DELETE /api/plugins/:id/*': any,
  'POST /api/plugin-admin/rescan': admin,
  'POST /api/plugin-admin/install': adminLately,
  'DELETE /api/plugin-admin/:id': adminLately,
  // For other values also `plugin.code`.
  'PUT /api/plugin-admin/:id/settings': admin,
  'GET /api/plugin-admin/:id/kv': admin,
  // By the manifest's `page.kv`.
  'GET /api/plugin-kv/:id': any,
  'GET /api/plugin-kv/:id/entry': any,
  'PUT /api/plugin-kv/:id/entry': any,
  'DELETE /api/plugin-kv/:id/entry': any,
} as const satisfies Record<string, Permission>;

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

const TABLE: ReadonlyMap<string, Permission> = new Map<string, Permission>([
  ...Object.entries(ROUTES),
  ...Object.entries(FRAMES),
  ...Object.entries(ACTS),
]);

export type RouteKey = keyof typeof ROUTES;
export type FrameKey = keyof typeof FRAMES;
export type PermissionKey = RouteKey | FrameKey | keyof typeof ACTS;

/** The table's line for a route (`'GET /api/runs/:id'`), a frame or an act. Null for what is in no line. */
export function permissionOf(key: string): Permission | null {
  return TABLE.get(key) ?? null;
}

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
 * @param key of the table; a string that was put together from a route is refused unless it stands there.
 * @throws ToruError forbidden, or reauth_required when only a newly typed password is missing.
 */
export function authorize(
  caller: Pick<Caller, 'role' | 'via' | 'auth_time'>,
  key: PermissionKey | (string & {}),
  now: number = Date.now(),
): void {
  const permission = permissionOf(key);
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
