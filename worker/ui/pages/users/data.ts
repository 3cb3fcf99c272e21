import type { Action, Role, User } from '../../../../shared/model.ts';
import { agent, read, until } from '../../api.ts';
import { loadActions } from '../../data/actions.ts';
import { isAnything, isFullAction, isUser, listOf } from '../../guards.ts';

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
 * Lets a client press an action, or no longer. Read anew first: what the page shows may be old, and `allow` is sent whole.
 * @throws ToruError conflict when somebody else changed it in between. @returns the action as it is then.
 */
export async function allowUser(actionId: string, userId: string, allowed: boolean): Promise<Action> {
  const param = { id: actionId };
  const action = await read(isFullAction, agent.actions[':id'].$get({ param }));
  if (action.allow === 'everyone' || action.allow.includes(userId) === allowed) return action;
  const allow = allowed ? [...action.allow, userId] : action.allow.filter((id) => id !== userId);
  const changed = await read(isFullAction, agent.actions[':id'].$patch({ param, json: { allow, revision: action.revision } }));
  void loadActions();
  return changed;
}
