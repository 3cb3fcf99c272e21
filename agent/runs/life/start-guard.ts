import type { ToruError } from '../../../shared/errors.ts';
import { toToruError } from '../../../shared/errors.ts';
import { checkVariables } from '../../../shared/input-declaration.ts';
import type { Actions } from '../../actions/actions.ts';
import type { RunRow } from '../../history/run-row.ts';
import { isHostsOwn, pluginOf } from '../../users/caller.ts';
import { forAsker } from '../../users/for-asker.ts';
import type { Users } from '../../users/users.ts';

/** What decides whether a run may start. */
export interface GuardOptions {
  users: Pick<Users, 'get'>;
  actions: Pick<Actions, 'get' | 'mayUse'>;
  /** Is this plugin enabled, and does what was accepted of it name this action? */
  mayStart: (plugin: string, action: string) => boolean;
}

/**
 * Whether a run may still start when its turn comes: its user, action or plugin may have changed while it waited.
 * @returns why not, in a sentence; null when it may.
 */
export function guard(row: RunRow, { users, actions, mayStart }: GuardOptions): string | null {
  const plugin = pluginOf(row.user_id);
  if (plugin !== null && !mayStart(plugin, row.action ?? ''))
    return 'The plugin that asked for it was disabled, or may not start it any more.';
  const user = isHostsOwn(row.user_id) ? { id: row.user_id, role: 'admin' as const, disabled: false } : users.get(row.user_id);
  if (user === null || user.disabled) return 'The user who asked for it was removed or disabled while it waited.';
  // Whoever executed the task was allowed to, and its job goes on as it began.
  if (row.source === 'workflow' && row.action === null) return null;
  if (row.action === null) return user.role === 'admin' ? null : 'The user who asked for it is no administrator any more.';
  const action = actions.get(row.action);
  if (action === null) return 'The action was removed while it waited.';
  if (!actions.mayUse({ user_id: user.id, role: user.role }, action)) return 'The user who asked for it may not use this action any more.';
  try {
    checkVariables(action.inputs);
    return null;
  } catch (error) {
    return toToruError(error).message;
  }
}

/** An error as the user may read it whose run it is. Callers of the local socket and plugins are no users, and count as the host's owner. */
export function forOwner(error: ToruError, { user_id }: RunRow, users: GuardOptions['users']): ToruError {
  return forAsker(error, { role: isHostsOwn(user_id) ? 'admin' : (users.get(user_id)?.role ?? 'client') });
}
