import type { Action, Role, User } from '../../../../shared/model.ts';
import { get, send } from '../../api.ts';
import { loadActions } from '../../data/actions.ts';
import { isAnything, isFullAction, isUser, listOf } from '../../guards.ts';

export async function listUsers(signal?: AbortSignal): Promise<User[]> {
  return (await get(listOf(isUser), '/api/users', signal === undefined ? {} : { signal })).items;
}

/** @throws ToruError unknown_user. */
export function getUser(id: string, signal: AbortSignal): Promise<User> {
  return get(isUser, `/api/users/${encodeURIComponent(id)}`, { signal });
}

/** @throws ToruError username_taken. */
export function createUser(fields: { username: string; password: string; role: Role }): Promise<User> {
  return send(isUser, 'POST', '/api/users', { body: fields });
}

/** A new password, role or `disabled` ends every session of that user. @throws ToruError last_admin. */
export function changeUser(id: string, patch: { role?: Role; disabled?: boolean; password?: string; username?: string }): Promise<User> {
  return send(isUser, 'PATCH', `/api/users/${encodeURIComponent(id)}`, { body: patch });
}

/** @throws ToruError last_admin. */
export async function removeUser(id: string): Promise<void> {
  await send(isAnything, 'DELETE', `/api/users/${encodeURIComponent(id)}`);
}

/** Every action with who may press it. */
export async function listFullActions(signal: AbortSignal): Promise<Action[]> {
  const list = await get(listOf(isFullAction), '/api/actions', { signal });
  return list.items.toSorted((a, b) => a.position - b.position);
}

/**
 * Lets a client press an action, or no longer. Read anew first: what the page shows may be old, and `allow` is sent whole.
 * @throws ToruError conflict when somebody else changed it in between. @returns the action as it is then.
 */
export async function allowUser(actionId: string, userId: string, allowed: boolean): Promise<Action> {
  const path = `/api/actions/${encodeURIComponent(actionId)}`;
  const action = await get(isFullAction, path);
  if (action.allow === 'everyone' || action.allow.includes(userId) === allowed) return action;
  const allow = allowed ? [...action.allow, userId] : action.allow.filter((id) => id !== userId);
  const changed = await send(isFullAction, 'PATCH', path, { body: { allow, revision: action.revision } });
  void loadActions();
  return changed;
}
