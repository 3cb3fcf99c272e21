import { StickyNote } from 'lucide-preact';
import { textOf } from '../../../../shared/input-passing.ts';
import type { Run, RunSummary } from '../../../../shared/runs.ts';
import { secondHand } from '../../clock.ts';
import { took } from '../../data/run-calls.ts';
import { me } from '../../own-session.ts';
import { StateMark } from '../../parts/state-mark.tsx';
import { Elapsed, When } from '../../parts/when.tsx';
import { duration } from '../../time.ts';

/** A run in the history: a line that leads to it. */
export function RunRow({ run }: { run: Run }) {
  const inputs = Object.entries(run.inputs).map(([name, value]) => `${name}: ${textOf(value)}`);
  const detail = inputs.length > 0 ? inputs.join(', ') : (run.args ?? []).join(' ');
  return (
    <li>
      <a class="run-row" href={`/runs/${run.task_id}`}>
        <StateMark run={run} />
        <span class="run-row-what">
          <strong class="cut">{run.label}</strong>
          {detail !== '' && <span class="run-row-detail cut">{detail}</span>}
          {run.note !== undefined && (
            <span class="run-row-note">
              <StickyNote size={14} aria-hidden="true" />
              <span class="hush">Note:</span>
              <span class="cut">{run.note.slice(0, 200)}</span>
            </span>
          )}
        </span>
        <span class="run-row-who cut">{run.user_id === me.value?.user.id ? 'you' : run.user}</span>
        <span class="run-row-took">
          <Took run={run} />
        </span>
        <span class="run-row-when">
          <When at={run.created_at} />
        </span>
      </a>
    </li>
  );
}

/** A run as the server still knows it while the host is away. */
export function SummaryRow({ run }: { run: RunSummary }) {
  return (
    <li>
      <div class="run-row">
        <StateMark run={run} />
        <span class="run-row-what">
          <strong class="cut">{run.label}</strong>
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

/** Arrow keys between the rows. */
export function moveInList(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const rows: Element[] = [...event.currentTarget.querySelectorAll('.run-row')];
  const at = document.activeElement === null ? -1 : rows.indexOf(document.activeElement);
  const next = rows[at + by];
  if (at === -1 || !(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
