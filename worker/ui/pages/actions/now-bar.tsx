import { ChevronRight, Hourglass } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { actions } from '../../data/known-actions.ts';
import { openRuns, useOpenRuns } from '../../data/open-runs.ts';
import { hostName, pendingRuns } from '../../data/pending.ts';
import { outcome } from '../../data/run-calls.ts';
import { runPath } from '../../navigation.ts';
import { StateMark } from '../../parts/state-mark.tsx';
import { Elapsed, When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';
import './now-bar.css';

/** What runs now, in a bar that is there at any time and always as high: nothing below it moves when a run begins or ends. */
export function NowBar() {
  useOpenRuns();
  const open = openRuns.value ?? [];
  const newest = open[0];
  const waiting = pendingRuns.value.filter(({ state }) => state === 'waiting').length;
  const settled = pendingRuns.value.length - waiting;
  return (
    <section class="now" aria-label={t('Now')}>
      {newest === undefined ? (
        <LastEnded />
      ) : (
        <Bar href={runPath(newest.task_id)} live>
          <span class="now-head">
            <StateMark run={newest} bare />
            <strong class="cut" dir="auto">
              {newest.label}
            </strong>
            <span class="now-time">
              {newest.state === 'queued' ? t('Queued') : <Elapsed since={newest.started_at ?? newest.created_at} />}
            </span>
          </span>
          <bdi class="now-line cut">{newest.last_line ?? ''}</bdi>
        </Bar>
      )}
      {open.length > 1 && (
        <a class="now-more" href="/runs?result=queued,running">
          <strong>{open.length}</strong>
          <span>{t('under way')}</span>
        </a>
      )}
      {waiting + settled > 0 && (
        <a
          class="now-more now-pending"
          href="#waiting"
          aria-label={waiting > 0 ? t('{waiting} wait for {hostName}', { waiting, hostName: hostName.value }) : t('Waited for the host')}
        >
          <Hourglass size={18} aria-hidden="true" />
          <span>{waiting > 0 ? t('{waiting} waiting', { waiting }) : t('Waited')}</span>
        </a>
      )}
    </section>
  );
}

/** Nothing runs: what ended last, of all actions. */
function LastEnded() {
  const ended = (actions.value ?? []).flatMap(({ last_run }) => (last_run?.ended_at == null ? [] : [last_run]));
  const last = ended.toSorted((a, b) => ((a.ended_at ?? '') < (b.ended_at ?? '') ? 1 : -1))[0];
  if (last?.ended_at == null) {
    return (
      <p class="now-bar">
        <span class="now-head muted">{t('Nothing is running')}</span>
      </p>
    );
  }
  return (
    <Bar href={runPath(last.task_id)}>
      <span class="now-head muted">{t('Nothing is running')}</span>
      <span class="now-last">
        <StateMark run={last} bare />
        <span class="cut">{last.label}</span>
        <span class="now-time">
          {outcome(last).tone === 'ok' ? '' : `${outcome(last).word} · `}
          <When at={last.ended_at} narrow />
        </span>
      </span>
    </Bar>
  );
}

function Bar(props: { href: string; live?: boolean; children: ComponentChildren }) {
  return (
    <a class={`now-bar${props.live === true ? ' now-live' : ''}`} href={props.href}>
      <span class="now-text">{props.children}</span>
      <ChevronRight class="now-arrow" size={18} aria-hidden="true" />
    </a>
  );
}
