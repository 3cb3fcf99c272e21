import { type AnyAction, isAction, isRecord } from '../guards.ts';
import { me } from '../own-session.ts';
import { readJson } from '../read-json.ts';
import { recall, remember } from '../theme.ts';

/** The actions as they were last read, kept in this browser while its person is logged in: for when the host is away. */
const KEY = 'toru.actions';

export function keepActions(actions: readonly AnyAction[]): void {
  const items = actions.map(({ script: _script, args: _args, allow: _allow, ...action }) => ({ ...action, running: 0, queued: 0 }));
  remember(KEY, JSON.stringify({ user: me.peek()?.user.id, items }));
}

/** Null when there are none, or they are somebody else's. */
export function keptActions(): AnyAction[] | null {
  const kept = readJson(recall(KEY) ?? 'null');
  if (!isRecord(kept) || kept['user'] !== me.peek()?.user.id || !Array.isArray(kept['items'])) return null;
  return kept['items'].filter(isAction);
}

export function forgetActions(): void {
  remember(KEY, null);
}
