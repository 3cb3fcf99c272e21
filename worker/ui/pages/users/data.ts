import type { Action } from '../../../../shared/actions.ts';
import { ToruError } from '../../../../shared/errors.ts';
import type { Role, User } from '../../../../shared/users.ts';
import { agent, read, until } from '../../api.ts';
import { loadActions } from '../../data/known-actions.ts';
import { isAnything, listOf } from '../../guards.ts';
import { isFullAction, isUser } from '../../place-guards.ts';

export async function listUsers(signal?: AbortSignal): Promise<User[]> {
  return (await read(listOf(isUser), agent.users.$get(undefined, until(signal)))).items;
}

/** @throws ToruError unknown_user. */
export function getUser(id: string, signal: AbortSignal): Promise<User> {
  return read(isUser, agent.users[':id'].$get({ param: { id } }, until(signal)));
}

/** @throws ToruError username_taken. */
export function createUser(fields: { username: string; password: string; role: Role }): Promise<User> {
  return read(isUser, agent.users.$post({ json: fields }));
}

/** A new password, role or `disabled` ends every session of that user. @throws ToruError last_admin. */
export function changeUser(id: string, patch: { role?: Role; disabled?: boolean; password?: string; username?: string }): Promise<User> {
  return read(isUser, agent.users[':id'].$patch({ param: { id }, json: patch }));
}

/** @throws ToruError last_admin. */
export async function removeUser(id: string): Promise<void> {
  await read(isAnything, agent.users[':id'].$delete({ param: { id } }));
}

/** Every action with who may press it. */
export async function listFullActions(signal: AbortSignal): Promise<Action[]> {
  const list = await read(listOf(isFullAction), agent.actions.$get(undefined, until(signal)));
  return list.items.toSorted((a, b) => a.position - b.position);
}

/**
 * Lets a client press an action, or no longer. `allow` is sent whole, so when somebody else changed the action since it was
 * read, it is read again and the change made again.
 * @throws ToruError unknown_action, conflict. @returns the action as it is then.
 */
export async function allowUser(action: Action, userId: string, allowed: boolean): Promise<Action> {
  try {
    return await allow(action, userId, allowed);
  } catch (error) {
    if (!(error instanceof ToruError && error.code === 'conflict')) throw error;
    return allow(await read(isFullAction, agent.actions[':id'].$get({ param: { id: action.id } })), userId, allowed);
  }
}

async function allow(action: Action, userId: string, allowed: boolean): Promise<Action> {
  if (action.allow === 'everyone' || action.allow.includes(userId) === allowed) return action;
  const users = allowed ? [...action.allow, userId] : action.allow.filter((id) => id !== userId);
  const json = { allow: users, revision: action.revision };
  const changed = await read(isFullAction, agent.actions[':id'].$patch({ param: { id: action.id }, json }));
  void loadActions();
  return changed;
}
