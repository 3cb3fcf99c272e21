import type { ErrorCode } from '../../shared/errors.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Caller } from './caller.ts';

const SCRIPT_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'unknown_script',
  'script_outside',
  'script_not_executable',
  'script_unsafe',
  'action_invalid',
]);

/**
 * An error as this caller may read it: what stands behind a button is the admin's business, also when it can't run, and so is
 * why a plugin does not: its last words may hold anything.
 */
export function forAsker(error: ToruError, caller: Pick<Caller, 'role'>): ToruError {
  if (caller.role === 'admin') return error;
  if (SCRIPT_ERRORS.has(error.code))
    return new ToruError(error.code, 'This can’t run at the moment. Tell an administrator of this host.', { cause: error });
  if (error.code === 'plugin_down')
    return new ToruError(error.code, 'This plugin does not run now. An admin of this host can see why.', { cause: error });
  return error;
}
