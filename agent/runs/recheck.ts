import type { RunRow } from '../history/run-row.ts';
import { isHostsOwn } from '../users/caller.ts';
import type { ActionsSeam, UsersSeam } from './needs.ts';

/**
 * Whether a run may still start when its turn comes: time has passed since it was asked for.
 * @returns why not, in a sentence; null when it may.
 */
export function refusalOnLeaving(row: RunRow, users: UsersSeam, actions: ActionsSeam): string | null {
  const caller = isHostsOwn(row.user_id) ? { user_id: row.user_id, role: 'admin' as const } : callerOf(row.user_id, users);
  if (caller === null) return 'The user who asked for it was removed or disabled while it waited.';
  if (row.action === null) return caller.role === 'admin' ? null : 'The user who asked for it is no administrator any more.';
  const action = actions.get(row.action);
  if (action === null) return 'The action was removed while it waited.';
  return actions.mayUse(caller, action) ? null : 'The user who asked for it may not use this action any more.';
}

function callerOf(userId: string, users: UsersSeam): { user_id: string; role: 'admin' | 'client' } | null {
  const user = users.get(userId);
  return user === null || user.disabled ? null : { user_id: user.id, role: user.role };
}
