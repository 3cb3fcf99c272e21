import { useSignal } from '@preact/signals';
import { Download, Trash2 } from 'lucide-preact';
import { useEffect, useMemo } from 'preact/hooks';
import { lazy, useLocation } from 'preact-iso';
import type { Run } from '../../../shared/runs.ts';
import { hostNow } from '../clock.ts';
import { connection } from '../connection/page-connection.ts';
import { daysOf } from '../data/days.ts';
import { host, hostPresence } from '../data/presence.ts';
import { isAdmin } from '../own-session.ts';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { t } from '../translate.ts';
import { asking } from './actions/press.ts';
import { FilterBar } from './runs/filter-bar.tsx';
import { History } from './runs/listed-runs.ts';
import { moveInList, RunRow, SummaryRow } from './runs/row.tsx';
import { type Filters, filtersOf, isFiltered } from './runs/run-filters.ts';
import { Trend } from './runs/trend.tsx';
import './runs.css';

const PendingList = lazy(() => import('./actions/pending-list.tsx').then((part) => part.PendingList));
const PressSheet = lazy(() => import('./actions/press-sheet.tsx').then((part) => part.PressSheet));
const RunMenu = lazy(() => import('./runs/run-menu.tsx').then((part) => part.RunMenu));
const CleanUp = lazy(() => import('./runs/clean-up.tsx').then((part) => part.CleanUp));
const Export = lazy(() => import('./runs/export.tsx').then((part) => part.Export));

/** The history: every run that the person may see, newest first, live. With the host away: the last that the server knows. */
export function Page() {
  const { query } = useLocation();
  const filters = filtersOf(query);
  const away = hostPresence.value.kind === 'host_away' && host.value !== null;
  return (
    <div class="wide">
      <HistoryOf filters={filters} away={away} />
      {asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </div>
  );
}

/** One tree with the host there and away: what somebody types into the filter stays when the host goes for a moment. */
function HistoryOf({ filters, away }: { filters: Filters; away: boolean }) {
  const history = useMemo(() => new History(filters), [JSON.stringify(filters)]);
  const menuOf = useSignal<Run | null>(null);
  const sheet = useSignal<'clean-up' | 'export' | null>(null);
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

  const openMenu = (run: Run): void => {
    menuOf.value = run;
  };
  const runs = history.runs.value;
  return (
    <>
      <PageHead title={t('Runs')}>
        {!away && (
          <Button icon={<Download size={18} aria-hidden="true" />} onClick={setTo(sheet, 'export')}>
            {t('Export')}
          </Button>
        )}
        {!away && isAdmin.value && (
          <Button icon={<Trash2 size={18} aria-hidden="true" />} onClick={setTo(sheet, 'clean-up')}>
            {t('Clean up')}
          </Button>
        )}
      </PageHead>
      {(host.value?.pending_runs.length ?? 0) > 0 && <PendingList sheet />}
      <FilterBar filters={filters} users={[...new Set((runs ?? []).map((run) => run.user))]} />
      {away ? <LastKnown /> : <Shown history={history} filters={filters} onMenu={openMenu} />}
      {menuOf.value !== null && (
        <RunMenu
          run={menuOf.value}
          onClose={setTo(menuOf, null)}
          onDeleted={() => {
            if (menuOf.value !== null) history.drop([menuOf.value.task_id]);
          }}
        />
      )}
      {sheet.value === 'export' && <Export filters={filters} onClose={setTo(sheet, null)} />}
      {sheet.value === 'clean-up' && <CleanUp filters={filters} onClose={setTo(sheet, null)} onDone={() => history.refreshSoon()} />}
    </>
  );
}

/** What the filters leave of it. */
function Shown(props: { history: History; filters: Filters; onMenu: (run: Run) => void }) {
  const { history, filters } = props;
  const runs = history.runs.value;
  return (
    <>
      {filters.action !== '' && <Trend action={filters.action} />}
      {history.problem.value !== null && (
        <Problem message={history.problem.value} action={<Button onClick={() => void history.read()}>{t('Try again')}</Button>} />
      )}
      {runs === null && history.problem.value === null && <Loading what={t('the history')} rows={8} />}
      {runs?.length === 0 &&
        !history.more.value &&
        (isFiltered(filters) ? (
          <Empty title={t('No run is like this')} action={<ButtonLink href="/runs">{t('Show all')}</ButtonLink>} />
        ) : (
          <Empty title={t('Nothing has run yet')} action={<ButtonLink href="/">{t('Go to the actions')}</ButtonLink>}>
            {t('Press an action, and what it did stays here.')}
          </Empty>
        ))}
      {runs !== null && runs.length > 0 && (
        <div class="run-days">
          {filters.sort === 'longest' ? (
            <Rows label={t('Runs')} runs={runs} onMenu={props.onMenu} />
          ) : (
            daysOf(runs, ({ created_at }) => created_at, hostNow()).map((day) => (
              <section key={day.date} class="run-day">
                <h2>{day.name}</h2>
                <Rows label={t('Runs: {name}', { name: day.name })} runs={day.items} onMenu={props.onMenu} />
              </section>
            ))
          )}
        </div>
      )}
      {history.more.value && (
        <div class="runs-more">
          <More
            busy={history.reading.value}
            label={filters.sort === 'longest' ? t('More') : t('Older runs')}
            onMore={() => void history.read()}
          />
        </div>
      )}
    </>
  );
}

function Rows(props: { label: string; runs: readonly Run[]; onMenu: (run: Run) => void }) {
  return (
    <ul class="run-rows" aria-label={props.label} onKeyDown={moveInList}>
      {props.runs.map((run) => (
        <RunRow key={run.task_id} run={run} onMenu={() => props.onMenu(run)} />
      ))}
    </ul>
  );
}

function LastKnown() {
  const runs = host.value?.recent_runs ?? [];
  if (runs.length === 0) return <Empty title={t('The host is away')}>{t('What ran on it can be seen when it is back.')}</Empty>;
  return (
    <>
      <p class="muted small">
        {t('The last runs that the server knows of. Their output is on the host, and can be read when it is back.')}
      </p>
      <ul class="run-rows" aria-label={t('Last known runs')}>
        {runs.map((run) => (
          <SummaryRow key={run.task_id} run={run} />
        ))}
      </ul>
    </>
  );
}
