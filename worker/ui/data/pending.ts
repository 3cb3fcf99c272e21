import { computed, effect } from '@preact/signals';
import type { PendingRun } from '../../../shared/hosts.ts';
import { me } from '../own-session.ts';
import { say } from '../toasts.ts';
import { t } from '../translate.ts';
import { actions } from './known-actions.ts';
import { host } from './presence.ts';

/**
 * Runs that the server keeps until the host is back, and what came of them: one's own, and for an admin those of others
 * that still wait. Kept fresh with the host.
 */
export const pendingRuns = computed(() =>
  (host.value?.pending_runs ?? []).filter((run) => isOwn(run) || run.state === 'waiting').toSorted((a, b) => rank(a) - rank(b)),
);

export const hostName = computed(() => host.value?.name ?? t('the host'));

export function isOwn(run: PendingRun): boolean {
  return run.user_id === me.value?.user.id;
}

/** The runs that wait come first, then the results of the others. */
function rank(run: PendingRun): number {
  return run.state === 'waiting' ? 0 : 1;
}

/** The name of the action or script that was asked for. */
export function nameOf(run: PendingRun): string {
  return actions.value?.find(({ id }) => id === run.action)?.label ?? run.action ?? run.script ?? '';
}

/** A toast tells the result of a run that waited, where the page does not show it. */
let before: ReadonlyMap<string, PendingRun['state']> | null = null;
effect(() => {
  const known = host.value === null ? null : new Map(pendingRuns.value.filter(isOwn).map((run) => [run.request_id, run.state]));
  for (const run of before === null || known === null ? [] : pendingRuns.peek()) {
    if (before?.get(run.request_id) !== 'waiting' || run.state === 'waiting') continue;
    say(
      run.state === 'started'
        ? t('{run} has started.', { run: nameOf(run) })
        : t('{run} was not started. {message}', { run: nameOf(run), message: run.message ?? '' }),
    );
  }
  before = known;
});
