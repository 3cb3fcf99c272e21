import { useSignal } from '@preact/signals';
import type { Job, JobStepView } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { hostNow, secondHand } from '../../clock.ts';
import { Button } from '../../parts/button.tsx';
import { plural, t } from '../../translate.ts';
import { timelineOf } from './bars-of-time.ts';
import { isOver, outcomeOf, tookOf } from './job-words.ts';
import './timeline.css';
import { JobMark } from './state-mark.tsx';

/** Of a loop, so many instances are shown at first, and with each press. */
const INSTANCES = 20;

/** The steps of a job below one another, each with when it ran: for eyes a chart, for a reader a list, on a phone the steps themselves. */
export function JobTimeline(props: { job: Job; chosen: string | null; onChoose: (step: string) => void }) {
  const { job } = props;
  const shown = useSignal<Readonly<Record<string, number>>>({});
  const now = isOver(job) ? hostNow() : secondHand.value;
  const began = Date.parse(job.started_at ?? job.created_at);
  const rows = rowsOf(job.steps, shown.value);
  const steps = rows.flatMap((row) => ('more' in row ? [] : [row]));
  const { bars, marks } = timelineOf(began, job.ended_at === null ? null : Date.parse(job.ended_at), steps, now);
  const barOf = new Map(bars.map((bar) => [bar.name, bar]));
  return (
    <div class="timeline">
      <div class="timeline-axis" aria-hidden="true">
        {marks.map(({ ms, at }) => (
          <span key={ms} style={{ insetInlineStart: `${at}%` }}>
            {duration(ms)}
          </span>
        ))}
      </div>
      <ol class="timeline-rows" aria-label={t('Steps')}>
        {rows.map((row) => {
          if ('more' in row)
            return (
              <li key={`${row.step} more`} class="timeline-more">
                <Button
                  kind="ghost"
                  small
                  onClick={() => {
                    shown.value = { ...shown.peek(), [row.step]: (shown.peek()[row.step] ?? INSTANCES) + 5 * INSTANCES };
                  }}
                >
                  {plural(row.more, 'Show 1 more of {step}', 'Show {count} more of {step}', { step: row.step })}
                </Button>
              </li>
            );
          const bar = barOf.get(row.name);
          const outcome = outcomeOf(row);
          return (
            <li key={row.name}>
              <button
                type="button"
                class={`timeline-row${row.each === null ? '' : ' timeline-instance'}`}
                data-tone={outcome.tone}
                aria-current={row.name === props.chosen ? 'true' : undefined}
                onClick={() => props.onChoose(row.name)}
              >
                <span class="timeline-name">
                  <JobMark of={row} bare />
                  <span class="cut" dir="auto">
                    {row.name}
                  </span>
                </span>
                <span class="timeline-track">
                  {bar?.from != null && (
                    <span
                      class="timeline-bar"
                      data-tone={outcome.tone}
                      style={{ insetInlineStart: `${bar.from}%`, inlineSize: `${bar.length}%` }}
                    />
                  )}
                </span>
                <span class="timeline-took">{tookWords(row, now)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

type Row = JobStepView | { step: string; more: number };

/** With the instances of loops, as many as are asked for. */
function rowsOf(steps: readonly JobStepView[], shown: Readonly<Record<string, number>>): Row[] {
  const rows: Row[] = [];
  const counts = new Map<string, number>();
  for (const step of steps) {
    if (step.each === null) {
      rows.push(step);
      continue;
    }
    const count = (counts.get(step.each.step) ?? 0) + 1;
    counts.set(step.each.step, count);
    const most = shown[step.each.step] ?? INSTANCES;
    if (count <= most) rows.push(step);
    const last = rows.at(-1);
    if (count === most + 1) rows.push({ step: step.each.step, more: 1 });
    else if (count > most && last !== undefined && 'more' in last) last.more += 1;
  }
  return rows;
}

function tookWords(step: JobStepView, now: number): string {
  const took = tookOf(step, now);
  if (took === null) return outcomeOf(step).word;
  const attempt = step.attempt > 1 ? ` · ${t('attempt {attempt}', { attempt: step.attempt })}` : '';
  return duration(took) + attempt;
}
