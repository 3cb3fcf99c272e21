import { toToruError } from '../../shared/errors.ts';
import { checkVariables } from '../../shared/input-values.ts';
import type { RunRow } from '../history/run-row.ts';
import { isHostsOwn, pluginOf } from '../users/caller.ts';
import type { ActionsSeam, PluginsSeam, UsersSeam } from './needs.ts';

/**
 * Whether a run may still start when its turn comes: time has passed since it was asked for.
 * @returns why not, in a sentence; null when it may.
 */
export function refusalOnLeaving(row: RunRow, users: UsersSeam, actions: ActionsSeam, plugins: PluginsSeam): string | null {
  const plugin = pluginOf(row.user_id);
  if (plugin !== null && !plugins.mayStart(plugin, row.action ?? ''))
    return 'The plugin that asked for it was disabled, or may not start it any more.';
  const caller = isHostsOwn(row.user_id) ? { user_id: row.user_id, role: 'admin' as const } : callerOf(row.user_id, users);
  if (caller === null) return 'The user who asked for it was removed or disabled while it waited.';
  if (row.action === null) return caller.role === 'admin' ? null : 'The user who asked for it is no administrator any more.';
  const action = actions.get(row.action);
  if (action === null) return 'The action was removed while it waited.';
  if (!actions.mayUse(caller, action)) return 'The user who asked for it may not use this action any more.';
  try {
    checkVariables(action.inputs);
    return null;
  } catch (error) {
    return toToruError(error).message;
  }
}

function callerOf(userId: string, users: UsersSeam): { user_id: string; role: 'admin' | 'client' } | null {
  const user = users.get(userId);
  return user === null || user.disabled ? null : { user_id: user.id, role: user.role };
}
