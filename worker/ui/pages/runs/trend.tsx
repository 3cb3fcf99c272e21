import { useEffect } from 'preact/hooks';
import type { RunsTrend } from '../../../../shared/runs.ts';
import { agent, read, until } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { useResource } from '../../data/resource.ts';
import { list, number, orNull, shape } from '../../guards.ts';
import { runPath } from '../../navigation.ts';
import { duration, fullTime } from '../../time.ts';
import { t } from '../../translate.ts';
import './trend.css';

const isTrend = shape<RunsTrend>({ runs: number, succeeded: number, p50_ms: orNull(number), p95_ms: orNull(number), items: list });

/** A bar that ran for no time at all can still be seen, in percent. */
const LEAST = 4;

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
  const longest = Math.max(1, ...data.items.map(({ duration_ms }) => duration_ms ?? 0));
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
      <ol class="trend-bars" aria-label={t('The last {count} runs, the newest last', { count: data.items.length })}>
        {data.items.map((run) => (
          <li key={run.task_id}>
            <a
              href={runPath(run.task_id)}
              class="trend-bar"
              data-result={run.result}
              title={`${fullTime(Date.parse(run.created_at))}: ${run.result.replace('_', ' ')}${run.duration_ms === null ? '' : `, ${duration(run.duration_ms)}`}`}
              aria-label={`${run.result.replace('_', ' ')}${run.duration_ms === null ? '' : `, ${duration(run.duration_ms)}`}`}
            >
              <span style={{ height: `${Math.max(LEAST, (100 * (run.duration_ms ?? 0)) / longest)}%` }} />
            </a>
          </li>
        ))}
      </ol>
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
