import { useEffect } from 'preact/hooks';
import type { RunsTrend } from '../../../../shared/runs.ts';
import { duration } from '../../amounts.ts';
import { agent, read, until } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { useResource } from '../../data/resource.ts';
import { list, number, orNull, shape } from '../../guards.ts';
import { runPath } from '../../navigation.ts';
import { t } from '../../translate.ts';
import { Bars } from './bars.tsx';
import './trend.css';

const isTrend = shape<RunsTrend>({ runs: number, succeeded: number, p50_ms: orNull(number), p95_ms: orNull(number), items: list });

/** How the newest runs of an action went, and how long they took: a bar each, a hollow one with a head where it did not succeed. */
export function Trend({ action }: { action: string }) {
  const trend = useResource((signal) => read(isTrend, agent.runs.trend.$get({ query: { action } }, until(signal))), action);
  useEffect(
    () =>
      connection.onRun((news) => {
        if (news.action === action && news.ended_at !== null) trend.again();
      }, trend.again),
    [action],
  );
  const { data } = trend;
  if (data === null || data.runs === 0) return <div class="trend" hidden={data !== null} />;
  const share = Math.floor((100 * data.succeeded) / data.runs);
  return (
    <section class="trend" aria-label={t('How it went')}>
      <dl class="trend-figures">
        <Figure
          name={t('Succeeded')}
          value={`${share} %`}
          help={t('{succeeded} of the last {runs}', { succeeded: data.succeeded, runs: data.runs })}
        />
        <Figure name={t('Half take up to')} value={data.p50_ms === null ? '–' : duration(data.p50_ms)} help={t('p50: the median')} />
        <Figure name={t('Most take up to')} value={data.p95_ms === null ? '–' : duration(data.p95_ms)} help={t('p95: 95 of 100')} />
      </dl>
      <Bars
        label={t('The last {count} runs, the newest last', { count: data.items.length })}
        bars={data.items.map((run) => ({
          id: run.task_id,
          href: runPath(run.task_id),
          at: run.created_at,
          result: run.result,
          word: run.result.replace('_', ' '),
          ms: run.duration_ms,
        }))}
      />
    </section>
  );
}

function Figure(props: { name: string; value: string; help: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>
        {props.value} <span class="trend-help">{props.help}</span>
      </dd>
    </div>
  );
}
