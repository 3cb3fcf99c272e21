import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { duration } from '../amounts.ts';
import { hostNow } from '../clock.ts';
import { daysOf } from '../data/days.ts';
import { hosts } from '../data/presence.ts';
import { outcome, took } from '../data/run-calls.ts';
import { useHosts } from '../data/watch-hosts.ts';
import { Empty, Loading } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { HostDot, hostWords } from '../parts/host-state.tsx';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { When } from '../parts/when.tsx';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';
import { MergedRuns, type RunOnHost } from './hosts/merged-runs.ts';
import './runs.css';

/** The runs of all hosts as one list. A host that is away is named with since when, and with the last runs that the edge knows. */
export function Page() {
  useHosts();
  const only = useSignal('');
  const chosen = hosts.value.filter(({ id }) => only.value === '' || id === only.value);
  const there = chosen.filter(({ online }) => online).map(({ id }) => id);
  const away = chosen.filter(({ online }) => !online);
  const key = there.join(' ');
  const merged = useMemo(() => new MergedRuns(there), [key]);
  useEffect(() => {
    void merged.read();
    return () => merged.close();
  }, [merged]);
  const problems = merged.problems.value;
  // What the edge still knows of those that are away has its place in the order, as far back as the others were read.
  const read = merged.rows.value;
  const oldest = merged.more.value ? (read.at(-1)?.run.created_at ?? '') : '';
  const lastKnown = away.flatMap(({ id, recent_runs }): RunOnHost[] => recent_runs.map((run) => ({ host: id, run })));
  const rows = [...read, ...lastKnown.filter(({ run }) => run.created_at >= oldest)].sort((a, b) =>
    a.run.created_at < b.run.created_at ? 1 : -1,
  );
  const nameOf = (id: string): string => hosts.value.find((host) => host.id === id)?.name ?? '';
  return (
    <div class="wide">
      <PageHead title={t('Runs of all hosts')} />
      <Field label={t('Host')}>
        {(ties) => (
          <select {...ties} class="select" value={only.value} onChange={(event) => (only.value = event.currentTarget.value)}>
            <option value="">{t('All hosts')}</option>
            {hosts.value.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {(away.length > 0 || problems.size > 0) && (
        <ul class="notice" aria-label={t('Hosts that are not all here')}>
          {away.map((host) => (
            <li key={host.id}>
              <HostDot presence={host.presence} /> <bdi>{host.name}</bdi>: {hostWords(host)}.{' '}
              {t('Only the last runs that the edge knows of are shown.')}
            </li>
          ))}
          {[...problems].map(([id, problem]) => (
            <li key={id}>
              <bdi>{nameOf(id)}</bdi>: {problem}
            </li>
          ))}
        </ul>
      )}
      {rows.length === 0 &&
        (merged.reading.value || hosts.value.length === 0 ? (
          <Loading what={t('the history')} rows={8} />
        ) : (
          <Empty title={t('Nothing has run yet')} />
        ))}
      <div class="run-days">
        {daysOf(rows, ({ run }) => run.created_at, hostNow()).map((day) => (
          <section key={day.date} class="run-day">
            <h2>{day.name}</h2>
            <ul class="run-rows" aria-label={t('Runs: {name}', { name: day.name })}>
              {day.items.map((row) => (
                <Row key={`${row.host} ${row.run.task_id}`} row={row} host={nameOf(row.host)} />
              ))}
            </ul>
          </section>
        ))}
      </div>
      {merged.more.value && (
        <div class="runs-more">
          <More busy={merged.reading.value} label={t('Older runs')} onMore={() => void merged.read()} />
        </div>
      )}
    </div>
  );
}

function Row({ row: { host: id, run }, host }: { row: RunOnHost; host: string }) {
  return (
    <li class="run-line" data-tone={outcome(run).tone}>
      <a class="run-row" href={placeOn(id, `/runs/${run.task_id}`)}>
        <StateMark run={run} />
        <span class="run-row-what">
          <strong class="cut" dir="auto">
            {run.label}
          </strong>
          <span class="run-row-detail cut" dir="auto">
            {host}
          </span>
        </span>
        <span class="run-row-who cut">{run.user ?? ''}</span>
        <span class="run-row-took">{run.ended_at === null ? '' : duration(took(run, 0) ?? 0)}</span>
        <span class="run-row-when">
          <When at={run.created_at} />
        </span>
      </a>
    </li>
  );
}
