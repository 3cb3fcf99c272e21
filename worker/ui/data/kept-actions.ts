import { type AnyAction, isAction, isRecord } from '../guards.ts';
import { me } from '../own-session.ts';
import { readJson } from '../read-json.ts';
import { recall, remember } from '../theme.ts';
import { viewedHost } from '../viewed-host.ts';

/** The actions as they were last read, kept in this browser while its person is logged in: for when the host is away. */
const KEY = 'toru.actions';
const HOME = 'home';

export function keepActions(actions: readonly AnyAction[]): void {
  const items = actions.map(({ script: _script, args: _args, allow: _allow, ...action }) => ({ ...action, running: 0, queued: 0 }));
  remember(KEY, JSON.stringify({ user: me.peek()?.user.id, hosts: { ...kept(), [viewedHost ?? HOME]: items } }));
}

/** Null when there are none, or they are somebody else's. */
export function keptActions(): AnyAction[] | null {
  const items = kept()[viewedHost ?? HOME];
  return Array.isArray(items) ? items.filter(isAction) : null;
}

/** By host, as far as they are this person's. */
function kept(): Record<string, unknown> {
  const all = readJson(recall(KEY) ?? 'null');
  return isRecord(all) && all['user'] === me.peek()?.user.id && isRecord(all['hosts']) ? all['hosts'] : {};
}

export function forgetActions(): void {
  remember(KEY, null);
}
