import { useEffect, useMemo } from 'preact/hooks';
import { lazy, useLocation } from 'preact-iso';
import { connection } from '../connection/page-connection.ts';
import { host, hostPresence } from '../data/presence.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { FilterBar } from './runs/filter-bar.tsx';
import { History } from './runs/listed-runs.ts';
import { moveInList, RunRow, SummaryRow } from './runs/row.tsx';
import { filtersOf, isFiltered } from './runs/run-filters.ts';
import './runs.css';

const PendingList = lazy(async () => (await import('./actions/pending-list.tsx')).PendingList);

/** The history: every run that the person may see, newest first, live. With the host away: the last that the server knows. */
export function RunsPage() {
  const away = hostPresence.value.kind === 'host_away' && host.value !== null;
  return (
    <div class="wide">
      <PageHead title="Runs" />
      {(host.value?.pending_runs.length ?? 0) > 0 && <PendingList sheet />}
      {away ? <LastKnown /> : <HistoryOf />}
    </div>
  );
}

function HistoryOf() {
  const { query } = useLocation();
  const filters = filtersOf(query);
  const key = JSON.stringify(filters);
  const history = useMemo(() => new History(filters), [key]);
  useEffect(() => {
    void history.read();
    const stop = connection.onRun(
      (run) => history.note(run),
      () => history.refreshSoon(),
    );
    return () => {
      stop();
      history.close();
    };
  }, [history]);

  const runs = history.runs.value;
  return (
    <>
      <FilterBar key={key} filters={filters} users={[...new Set((runs ?? []).map((run) => run.user))]} />
      {history.problem.value !== null && (
        <Problem message={history.problem.value} action={<Button onClick={() => void history.read()}>Try again</Button>} />
      )}
      {runs === null && history.problem.value === null && <Loading what="the history" rows={8} />}
      {runs?.length === 0 &&
        (isFiltered(filters) ? (
          <Empty title="No run is like this" action={<ButtonLink href="/runs">Show all</ButtonLink>} />
        ) : (
          <Empty title="Nothing has run yet" action={<ButtonLink href="/">Go to the actions</ButtonLink>}>
            Press an action, and what it did stays here.
          </Empty>
        ))}
      {runs !== null && runs.length > 0 && (
        <ul class="run-rows" aria-label="Runs" onKeyDown={moveInList}>
          {runs.map((run) => (
            <RunRow key={run.task_id} run={run} />
          ))}
        </ul>
      )}
      {history.more.value && (
        <div class="runs-more">
          <More busy={history.reading.value} label="Older runs" onMore={() => void history.read()} />
        </div>
      )}
    </>
  );
}

function LastKnown() {
  const runs = host.value?.recent_runs ?? [];
  if (runs.length === 0) return <Empty title="The host is away">What ran on it can be seen when it is back.</Empty>;
  return (
    <>
      <p class="muted small">The last runs that the server knows of. Their output is on the host, and can be read when it is back.</p>
      <ul class="run-rows" aria-label="Last known runs">
        {runs.map((run) => (
          <SummaryRow key={run.task_id} run={run} />
        ))}
      </ul>
    </>
  );
}
