import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { lazy } from 'preact-iso';
import type { SystemSample } from '../../../../shared/system.ts';
import { bytes, decimal } from '../../amounts.ts';
import { timeOfDay, timeToSecond } from '../../time.ts';
import { plural, t } from '../../translate.ts';
import type { ChartProps } from './chart.tsx';
import { DAY_S, DAY_STEP_S, roundAbove, timelineOf, WINDOW_S } from './samples.ts';

/** The drawing library is the largest thing here: numbers come first. */
const Chart = lazy(() => import('./chart.tsx').then((part) => part.Chart));

const perSecond = (value: number): string => `${bytes(value)}/s`;
/** For an axis, where round numbers stand: `20 GB`. */
const round = (value: number): string => bytes(value).replace('.0 ', ' ');

/** Four charts with their numbers. Pointing into one shows that moment in all of them. */
export function Load(props: {
  samples: readonly SystemSample[];
  now: SystemSample;
  cores: number;
  stale: boolean;
  span: 'minutes' | 'day';
}) {
  const isDay = props.span === 'day';
  const pointed = useSignal<number | null>(null);
  const timeline = useMemo(() => timelineOf(props.samples, isDay ? 2.5 * DAY_STEP_S : undefined), [props.samples, isDay]);
  const there = pointed.value === null ? null : (timeline.samples[pointed.value] ?? null);
  const shown = there ?? props.now;
  const most = (of: (sample: SystemSample) => number): number => props.samples.reduce((top, sample) => Math.max(top, of(sample)), 0);
  const chart = {
    timeline,
    window_s: isDay ? DAY_S : WINDOW_S,
    onPoint: (index: number | null): void => {
      pointed.value = index;
    },
  };
  const card = { at: there === null ? null : (isDay ? timeOfDay : timeToSecond)(Date.parse(there.time)), stale: props.stale };

  return (
    <div class="loads">
      <Card
        {...card}
        title={t('Processor')}
        value={`${Math.round(shown.cpu)} %`}
        chart={{ ...chart, series: [{ tone: '--live', of: (s) => s.cpu }], top: 100, format: (v) => `${v} %` }}
      />
      <Card
        {...card}
        title={t('Memory')}
        value={bytes(shown.memory_used)}
        more={t('of {memory_total}', { memory_total: bytes(shown.memory_total) })}
        chart={{ ...chart, series: [{ tone: '--ok', of: (s) => s.memory_used }], top: props.now.memory_total, format: round }}
      />
      <Card
        {...card}
        title={t('Network')}
        value={
          <>
            <span class="load-in">
              <span aria-hidden="true">↓</span>
              <span class="hush">{t('in')} </span> {perSecond(shown.network_rx_per_s)}
            </span>{' '}
            <span class="load-out">
              <span aria-hidden="true">↑</span>
              <span class="hush">{t('out')} </span> {perSecond(shown.network_tx_per_s)}
            </span>
          </>
        }
        chart={{
          ...chart,
          series: [
            { tone: '--live', of: (s) => s.network_rx_per_s },
            { tone: '--wait', of: (s) => s.network_tx_per_s },
          ],
          top: roundAbove(
            Math.max(
              10_000,
              most((s) => s.network_rx_per_s),
              most((s) => s.network_tx_per_s),
            ),
          ),
          format: (v) => `${round(v)}/s`,
        }}
      />
      <Card
        {...card}
        title={t('Load')}
        value={decimal(shown.load_1m, 1)}
        more={plural(props.cores, 'on one core', 'on {count} cores')}
        chart={{
          ...chart,
          series: [{ tone: '--wait', of: (s) => s.load_1m }],
          top: Math.max(props.cores, roundAbove(most((s) => s.load_1m))),
          format: (v) => String(v),
        }}
      />
    </div>
  );
}

function Card(props: {
  title: string;
  value: ComponentChildren;
  more?: string;
  at: string | null;
  stale: boolean;
  chart: Omit<ChartProps, 'label'>;
}) {
  return (
    <section class={`load${props.stale ? ' load-stale' : ''}`} aria-label={props.title}>
      <header class="load-head">
        <h2>{props.title}</h2>
        <p class="load-value">
          {props.value}
          {props.more !== undefined && <span class="load-more">{props.more}</span>}
        </p>
        <p class="load-at">{props.at === null ? '' : t('at {at}', { at: props.at })}</p>
      </header>
      <div class="load-chart">
        <Chart
          {...props.chart}
          label={
            props.chart.window_s === DAY_S
              ? t('{title} over the last day, as a line', { title: props.title })
              : t('{title} over the last five minutes, as a line', { title: props.title })
          }
        />
      </div>
    </section>
  );
}
