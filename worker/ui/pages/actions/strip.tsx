import type { RunResult } from '../../../../shared/run-state.ts';
import { msg, t } from '../../translate.ts';
import './strip.css';

const WORDS: Record<RunResult, string> = {
  queued: msg('queued'),
  running: msg('running'),
  succeeded: msg('succeeded'),
  failed: msg('failed'),
  timed_out: msg('timed out'),
  interrupted: msg('interrupted'),
  cancelled: msg('cancelled'),
  refused: msg('refused'),
};

/** The last results of an action, oldest first: low bars succeeded, tall ones did not, hollow ones were cancelled. Its room is kept where there are none. */
export function Strip({ results }: { results: readonly RunResult[] }) {
  return (
    <span class="strip" aria-hidden="true">
      {results.map((result, i) => (
        <span key={i} class="strip-bar" data-result={result} />
      ))}
    </span>
  );
}

/** “Last 10: 8 succeeded, 2 failed”; '' where there are none. */
export function spokenResults(results: readonly RunResult[]): string {
  if (results.length === 0) return '';
  const counts = new Map<RunResult, number>();
  for (const result of results) counts.set(result, (counts.get(result) ?? 0) + 1);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([result, count]) => `${count} ${t(WORDS[result])}`);
  return t('Last {count}: {results}', { count: results.length, results: parts.join(', ') });
}
