import { effect, signal } from '@preact/signals';
import { edgeNow, hostNow } from '../../clock.ts';
import type { Once } from '../../connection/starts.ts';
import { type AnyAction, isRecord } from '../../guards.ts';
import { appPath } from '../../navigation.ts';
import { me } from '../../own-session.ts';
import { readJson } from '../../read-json.ts';
import { recall, remember } from '../../theme.ts';
import { placePrefix } from '../../viewed-host.ts';

/**
 * An action that runs when its icon is tapped, without a press. Wished for here, on this device, by this person; and only if a
 * person opened the address just now: the server put a ticket into that page alone (worker/http/app-routes.ts).
 */

/** A ticket counts for so long. */
const TICKET_MS = 60_000;
const KEY = `toru.at-once${placePrefix}`;

/** The actions that this person lets run at once on this device. */
const wished = signal<ReadonlySet<string>>(new Set());

effect(() => {
  const kept = readJson(recall(KEY) ?? 'null');
  const ids = isRecord(kept) && me.value != null ? kept[me.value.user.id] : null;
  wished.value = new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []);
});

export function runsAtOnce(id: string): boolean {
  return wished.value.has(id);
}

export function setRunsAtOnce(id: string, on: boolean): void {
  const user = me.peek()?.user.id;
  if (user === undefined) return;
  const ids = new Set(wished.peek());
  if (on) ids.add(id);
  else ids.delete(id);
  wished.value = ids;
  const kept = readJson(recall(KEY) ?? 'null');
  remember(KEY, JSON.stringify({ ...(isRecord(kept) ? kept : {}), [user]: [...ids] }));
}

/** What asks something first, or wants a deliberate hand, is never run without one. */
export function mayRunAtOnce(action: AnyAction): boolean {
  return action.inputs.length === 0 && action.confirm === 'none';
}

/**
 * The ticket of this page, which is used up by it, whatever comes of it. Null unless the page was opened at this action's address, is
 * in view, and was neither reloaded, brought back nor made ready ahead.
 */
export function takeTicket(id: string): Once | null {
  const meta = document.querySelector('meta[name="toru-run-at-once"]');
  meta?.remove();
  const [action, request_id = '', issued = ''] = meta?.getAttribute('content')?.split(' ') ?? [];
  const age = edgeNow() - Date.parse(issued);
  if (action !== id || request_id === '' || !(age < TICKET_MS) || location.pathname !== appPath(id) || location.search !== '') return null;
  const [navigation] = performance.getEntriesByType('navigation');
  const prerendered = 'prerendering' in document && document.prerendering === true;
  if (!(navigation instanceof PerformanceNavigationTiming) || navigation.type !== 'navigate') return null;
  if (document.visibilityState !== 'visible' || prerendered) return null;
  return { request_id, not_after: new Date(hostNow() + TICKET_MS - Math.max(0, age)).toISOString() };
}
