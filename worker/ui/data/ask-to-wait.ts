import type { PendingRun } from '../../../shared/hosts.ts';
import { PENDING_DEFAULT_S } from '../../../shared/limits.ts';
import { edge, sentence } from '../api.ts';
import { hostNow } from '../clock.ts';
import type { StartRequest } from '../connection/starts.ts';
import { isAnything, isRecord } from '../guards.ts';
import { shortTime } from '../time.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { onHost } from '../viewed-host.ts';
import { hostName, pendingRuns } from './pending.ts';
import { host, loadHost } from './presence.ts';

/** What is done with runs that the server keeps until the host is back: a new one, and no more of one. */

/** How long a run may wait. Seconds. */
export const WAITS: readonly (readonly [seconds: number, words: string])[] = [
  [900, '15 minutes'],
  [PENDING_DEFAULT_S, '1 hour'],
  [8 * 3600, '8 hours'],
  [24 * 3600, '1 day'],
];

/** A try whose answer did not come is repeated under its id: the server keeps it once. */
let unanswered: { asked: string; id: string } | null = null;

/**
 * Has the server keep a run until the host is back, and says so.
 * @returns the run, when the host is back already and has started it; else null. @throws ToruError.
 */
export async function askToWait(request: StartRequest, label: string, seconds: number): Promise<string | null> {
  const query = JSON.stringify([request, seconds]);
  if (unanswered?.asked !== query) unanswered = { asked: query, id: crypto.randomUUID() };
  const body = { ...request, request_id: unanswered.id, when_away: 'queue', expires_s: seconds };
  const answer = await edge(isRecord, 'POST', onHost('/api/runs'), { body });
  unanswered = null;
  const { task_id, expires_at } = answer;
  if (typeof task_id === 'string') return task_id;
  const host = hostName.peek();
  toast(
    typeof expires_at === 'string'
      ? t('{label} waits for {host} until {time}.', { label, host, time: shortTime(Date.parse(expires_at), hostNow()) })
      : t('{label} waits for {host}.', { label, host }),
    'ok',
  );
  await loadHost();
  return null;
}

/** It no longer waits; what came of it is no longer shown. */
export async function drop(...runs: PendingRun[]): Promise<void> {
  const at = `/api/hosts/${host.peek()?.id ?? ''}/pending/`;
  try {
    await Promise.all(runs.map(({ request_id }) => edge(isAnything, 'DELETE', at + request_id)));
  } catch (error) {
    toast(sentence(error), 'bad');
  }
  await loadHost();
}

/** Somebody looks at the run: what led to it has done its part. */
export function seen(taskId: string): void {
  const run = pendingRuns.peek().find(({ task_id }) => task_id === taskId);
  if (run !== undefined) void drop(run);
}
