import { useResource } from '../../data/resource.ts';
import { listRuns, outcome } from '../../data/run-calls.ts';
import type { AnyAction } from '../../guards.ts';
import { runPath } from '../../navigation.ts';
import { StateMark } from '../../parts/state-mark.tsx';
import { When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';

/** As many as a tile's strip has. */
const SHOWN = 10;
const ENDED = 'succeeded,failed,timed_out,interrupted,cancelled,refused';

/** The runs behind the strip of an action's tile, oldest first, each with its time and the way to it. Their room is there before they are. */
export function LastResults({ action, onGo }: { action: AnyAction; onGo: () => void }) {
  const runs = useResource((signal) => listRuns({ action: action.id, result: ENDED, limit: String(SHOWN) }, signal));
  const count = runs.data?.items.length ?? action.results?.length ?? 0;
  if (count === 0) return null;
  return (
    <ol class="tile-results" aria-label={t('Last runs')}>
      {(runs.data?.items ?? []).toReversed().map((run) => (
        <li key={run.task_id}>
          <a class="tile-result" href={runPath(run.task_id)} title={outcome(run).word} onClick={onGo}>
            <StateMark run={run} bare />
            <span class="small muted">
              <When at={run.ended_at ?? run.created_at} narrow />
            </span>
          </a>
        </li>
      ))}
      {runs.data === null && Array.from({ length: count }, (_, i) => <li key={i} class="tile-result" />)}
    </ol>
  );
}
