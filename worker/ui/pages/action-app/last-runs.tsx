import { ChevronRight } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run, RunSummary } from '../../../../shared/runs.ts';
import { duration } from '../../amounts.ts';
import { secondHand } from '../../clock.ts';
import { connection } from '../../connection/page-connection.ts';
import { useLastLine } from '../../data/open-runs.ts';
import { useResource } from '../../data/resource.ts';
import { listRuns, took } from '../../data/run-calls.ts';
import type { AnyAction } from '../../guards.ts';
import { runPath } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { StateMark } from '../../parts/state-mark.tsx';
import { Elapsed, When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';

const SHOWN = 6;

/** The last runs of an action, kept fresh; null until they were read, or can't be. */
export function useLastRuns(id: string): readonly Run[] | null {
  const runs = useResource((signal) => listRuns({ action: id, limit: String(SHOWN), last_line: 'true' }, signal), id);
  useEffect(() => connection.onRun((news) => news.action === id && runs.again(), runs.again), [id]);
  return runs.data?.items ?? (runs.problem === null ? null : []);
}

/** The newest run of an action, its newest line in sight and its output a tap away; below it the ones before. */
export function LastRuns({ action, runs }: { action: AnyAction; runs: readonly Run[] }) {
  const newest = action.last_run;
  const before = runs.filter((run) => run.task_id !== newest?.task_id).slice(0, SHOWN - 1);
  return (
    <>
      {newest === null ? <p class="app-last muted">{t('Never run')}</p> : <Newest key={newest.task_id} run={newest} runs={runs} />}
      {before.length > 0 && (
        <Section title={t('Before')} flush>
          <Listing label={t('Earlier runs')}>
            {before.map((run) => (
              <Line
                key={run.task_id}
                href={runPath(run.task_id)}
                title={<StateMark run={run} />}
                aside={<When at={run.ended_at ?? run.created_at} narrow />}
              >
                {[
                  ...(run.started_at === null || run.ended_at === null ? [] : [duration(took(run, 0) ?? 0)]),
                  ...(isAdmin.value ? [run.user] : []),
                ].join(' · ')}
              </Line>
            ))}
          </Listing>
        </Section>
      )}
    </>
  );
}

function Newest({ run, runs }: { run: RunSummary; runs: readonly Run[] }) {
  return (
    <a class="app-last app-last-link" href={runPath(run.task_id)}>
      <span class="app-last-head">
        <StateMark run={run} />
        <span class="app-last-when">
          {run.state === 'running' ? <Elapsed since={run.started_at ?? run.created_at} /> : <When at={run.ended_at ?? run.created_at} />}
          {isFinal(run.state) && run.started_at !== null && t(', took {run}', { run: duration(took(run, secondHand.peek()) ?? 0) })}
        </span>
      </span>
      {isFinal(run.state) ? (
        <bdi class="app-line cut">{runs.find(({ task_id }) => task_id === run.task_id)?.last_line ?? ''}</bdi>
      ) : (
        <Shows taskId={run.task_id} />
      )}
      <span class="app-last-open">
        {t('Open the output')} <ChevronRight size={18} aria-hidden="true" />
      </span>
    </a>
  );
}

/** The line below a run is there from the beginning: nothing moves when it comes. */
function Shows({ taskId }: { taskId: string }) {
  return <bdi class="app-line cut">{useLastLine(taskId)}</bdi>;
}
