import { EllipsisVertical, StickyNote } from 'lucide-preact';
import type { Run, RunSummary } from '../../../../shared/runs.ts';
import { duration } from '../../amounts.ts';
import { secondHand } from '../../clock.ts';
import { outcome, took } from '../../data/run-calls.ts';
import { spokenInputs } from '../../data/spoken-inputs.ts';
import { me } from '../../own-session.ts';
import { StateMark } from '../../parts/state-mark.tsx';
import { Elapsed, When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';
import { actionOf } from './run-again.ts';

/** A run in the history: a line that leads to it. */
export function RunRow({ run, onMenu }: { run: Run; onMenu: () => void }) {
  const inputs = spokenInputs(run, actionOf(run)).map(({ question, answer }) => `${question.replace(/[:?]$/, '')}: ${answer}`);
  const detail = inputs.length > 0 ? inputs.join(', ') : (run.args ?? []).join(' ');
  return (
    <li class="run-line" data-tone={outcome(run).tone}>
      <a class="run-row" href={`/runs/${run.task_id}`}>
        <StateMark run={run} />
        <span class="run-row-what">
          <strong class="cut" dir="auto">
            {run.label}
          </strong>
          {detail !== '' && <span class="run-row-detail cut">{detail}</span>}
          {run.note !== undefined && (
            <span class="run-row-note">
              <StickyNote size={14} aria-hidden="true" />
              <span class="hush">{t('Note:')}</span>
              <span class="cut" dir="auto">
                {run.note.slice(0, 200)}
              </span>
            </span>
          )}
        </span>
        <span class="run-row-who cut">{run.user_id === me.value?.user.id ? t('you') : run.user}</span>
        <span class="run-row-took">
          <Took run={run} />
        </span>
        <span class="run-row-when">
          <When at={run.created_at} />
        </span>
      </a>
      <button
        type="button"
        class="run-row-menu"
        aria-label={t('More on {label}', { label: run.label })}
        aria-haspopup="dialog"
        onClick={onMenu}
      >
        <EllipsisVertical size={20} aria-hidden="true" />
      </button>
    </li>
  );
}

/** A run as the server still knows it while the host is away. */
export function SummaryRow({ run }: { run: RunSummary }) {
  return (
    <li class="run-line" data-tone={outcome(run).tone}>
      <div class="run-row">
        <StateMark run={run} />
        <span class="run-row-what">
          <strong class="cut" dir="auto">
            {run.label}
          </strong>
        </span>
        <span class="run-row-who" />
        <span class="run-row-took">{run.ended_at === null ? '' : duration(took(run, 0) ?? 0)}</span>
        <span class="run-row-when">
          <When at={run.created_at} />
        </span>
      </div>
    </li>
  );
}

function Took({ run }: { run: Run }) {
  if (run.started_at === null) return null;
  if (run.state === 'running') return <Elapsed since={run.started_at} />;
  // Read only where nothing ticks.
  return <>{duration(took(run, run.ended_at === null ? secondHand.peek() : 0) ?? 0)}</>;
}

/** Arrow keys between the rows, from day to day too. */
export function moveInList(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const rows: Element[] = [...(event.currentTarget.closest('.run-days') ?? event.currentTarget).querySelectorAll('.run-row')];
  const at = document.activeElement === null ? -1 : rows.indexOf(document.activeElement);
  const next = rows[at + by];
  if (at === -1 || !(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
