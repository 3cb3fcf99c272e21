import type { Action, ActionFields } from '../../../shared/actions.ts';
import type { List } from '../../../shared/api.ts';
import type { Run } from '../../../shared/runs.ts';
import { agentOn, edge, read, until } from '../api.ts';
import { edgeNow } from '../clock.ts';
import { type AnyAction, isAction, isAnything, isRecord, isRun, listOf } from '../guards.ts';
import { isFullAction } from '../place-guards.ts';

import { asPressed } from './as-pressed.ts';

/** What the home host's pages ask of other hosts, one by one: the page has a socket to its own host alone. Each call throws ToruError. */

export async function listActionsOn(host: string, signal?: AbortSignal): Promise<readonly AnyAction[]> {
  const { items } = await read(listOf(isAction), agentOn(host).actions.$get(undefined, until(signal)));
  return items.map(asPressed).toSorted((a, b) => a.position - b.position);
}

/** @param fields of an action of another host, with its id. */
export function makeActionOn(host: string, fields: ActionFields): Promise<Action> {
  return read(isFullAction, agentOn(host).actions.$post({ json: fields }));
}

export function listRunsOn(host: string, query: Record<string, string>, signal?: AbortSignal): Promise<List<Run>> {
  return read(listOf(isRun), agentOn(host).runs.$get({ query }, until(signal)));
}

/** The newest run of each id, and its newest line where it is under way. */
export function getRunOn(host: string, id: string, signal?: AbortSignal): Promise<Run> {
  return read(isRun, agentOn(host).runs[':id'].$get({ param: { id } }, until(signal)));
}

export async function cancelRunOn(host: string, id: string): Promise<void> {
  await read(isAnything, agentOn(host).runs[':id'].cancel.$post({ param: { id } }));
}

/** A press whose answer does not come is sent again under its id: a host starts it once, and not after this. */
const PRESS_MS = 30_000;

export interface Pressed {
  /** Null while it waits at the edge for its host. */
  task_id: string | null;
  request_id: string;
}

/** @param waits_s when its host is away, the run may wait so many seconds for it; 0: it is not run then. */
export async function pressOn(
  host: string,
  action: string,
  inputs: Readonly<Record<string, unknown>>,
  waits_s: number,
  request_id: string = crypto.randomUUID(),
): Promise<Pressed> {
  const away = waits_s > 0 ? { when_away: 'queue', expires_s: waits_s } : { not_after: new Date(edgeNow() + PRESS_MS).toISOString() };
  const answer = await edge(isRecord, 'POST', `/api/hosts/${host}/runs`, { body: { action, inputs, request_id, ...away } });
  return { task_id: typeof answer['task_id'] === 'string' ? answer['task_id'] : null, request_id };
}
