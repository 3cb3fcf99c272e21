import { signal } from '@preact/signals';
import { ChevronRight, EllipsisVertical, TriangleAlert } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useLastLine } from '../../data/open-runs.ts';
import { outcome } from '../../data/run-calls.ts';
import type { AnyAction } from '../../guards.ts';
import { runPath } from '../../navigation.ts';
import { useActs } from '../../parts/deliberate.ts';
import { Glyph } from '../../parts/glyph.tsx';
import { StateMark } from '../../parts/state-mark.tsx';
import { still } from '../../parts/still.tsx';
import { Elapsed, When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { shortTime, timeOfDay } from '../../time.ts';
import { t } from '../../translate.ts';
import { Strip, spokenResults } from './strip.tsx';
import './tile.css';

const DAY_MS = 86_400_000;

/** The action whose menu is open. */
export const menuOf = signal<AnyAction | null>(null);

/** Is a run of it under way, as far as this person may know? */
export function isActive(action: AnyAction): boolean {
  return action.running + action.queued > 0;
}

/** The state that the ring around the sign shows. */
function ringOf(action: AnyAction): string {
  if (action.last_run?.waiting_for_input === true) return 'wait';
  if (action.running > 0) return 'live';
  if (action.queued > 0) return 'wait';
  if (action.last_run === null) return 'none';
  return outcome(action.last_run).tone;
}

/** The sign of an action in its ring: still when nothing happens, turning while it runs. */
export function Seal(props: { icon: string; color: string; ring: string }) {
  return (
    <span class="seal" data-color={props.color} data-ring={props.ring}>
      <span class="seal-disc">
        <Glyph name={props.icon} size={24} />
      </span>
      <svg class="seal-ring" viewBox="0 0 64 64" aria-hidden="true">
        <circle cx="32" cy="32" r="29.5" pathLength="100" />
      </svg>
    </span>
  );
}

interface TileProps {
  action: AnyAction;
  tabbable: boolean;
  starting: boolean;
  onPress: (action: AnyAction) => void;
  onFocus: (id: string) => void;
}

/** One action: a key to press, and below it the way to its newest run. */
export const Tile = still(OneTile);

function OneTile(props: TileProps) {
  const { action } = props;
  const active = isActive(action);
  const underWay = action.running + action.queued;
  const index = props.tabbable ? 0 : -1;
  const acts = active ? 'open' : 'run';
  const ref = useActs<HTMLButtonElement>(acts, true);
  return (
    <li
      class={`tile${active ? ' tile-active' : ''}${action.problem === null ? '' : ' tile-broken'}`}
      data-color={action.color}
      data-size={action.size}
    >
      <button
        ref={ref}
        type="button"
        class="tile-press"
        data-acts={acts}
        tabIndex={index}
        aria-busy={props.starting}
        aria-labelledby={`name-${action.id}`}
        aria-describedby={`about-${action.id}`}
        onClick={() => props.onPress(action)}
        onFocus={() => props.onFocus(action.id)}
      >
        <Seal icon={action.icon} color={action.color} ring={props.starting && !active ? 'live' : ringOf(action)} />
        <span class="tile-label" id={`name-${action.id}`} dir="auto">
          {action.label}
        </span>
        <Strip results={action.results ?? []} />
        {underWay > 1 && (
          <span class="tile-count" aria-hidden="true">
            {underWay}
          </span>
        )}
      </button>
      <button
        type="button"
        class="tile-menu"
        tabIndex={index}
        aria-label={t('Options')}
        aria-describedby={`name-${action.id}`}
        aria-haspopup="dialog"
        onClick={() => {
          menuOf.value = action;
        }}
      >
        <EllipsisVertical size={20} aria-hidden="true" />
      </button>
      <span class="hush" id={`about-${action.id}`}>
        {action.description}{' '}
        {active
          ? underWay > 1
            ? t('{count} under way: a press opens the newest.', { count: underWay })
            : t('Under way: a press opens it.')
          : ''}{' '}
        {spokenResults(action.results ?? [])}
      </span>
      <Foot action={action} tabIndex={index} />
    </li>
  );
}

function Foot({ action, tabIndex }: { action: AnyAction; tabIndex: number }) {
  const run = action.last_run;
  if (action.problem !== null) {
    return (
      <p class="tile-foot tile-problem" title={action.problem}>
        <TriangleAlert size={16} aria-hidden="true" />
        <span class="cut">{action.problem}</span>
      </p>
    );
  }
  if (run === null)
    return (
      <p class="tile-foot muted">
        {action.queued > 0
          ? t('{queued} queued', { queued: action.queued })
          : action.running > 0
            ? t('Running')
            : action.next_run_at == null && t('Never run')}
        {action.running + action.queued === 0 && <NextRun action={action} />}
      </p>
    );
  return (
    <a class="tile-foot" href={runPath(run.task_id)} tabIndex={tabIndex}>
      <span class="hush">{t('Newest run of {label}:', { label: action.label })}</span>
      <StateMark run={run} bare />
      <span class="tile-news">
        <span class="cut">{footText(action)}</span>
        {run.state === 'running' ? <NewestLine taskId={run.task_id} /> : <NextRun action={action} />}
      </span>
      <ChevronRight class="tile-arrow" size={16} aria-hidden="true" />
    </a>
  );
}

/** The last line of a run under way, below its time: the tile has the room for it at any time, so that nothing moves. */
function NewestLine({ taskId }: { taskId: string }) {
  const line = useLastLine(taskId);
  return line === '' ? null : <bdi class="tile-line cut">{line}</bdi>;
}

/** When a schedule starts it next: “next 03:00”. */
function NextRun({ action }: { action: AnyAction }) {
  const { next_run_at } = action;
  if (next_run_at == null) return null;
  const at = Date.parse(next_run_at);
  return (
    <span class="tile-line cut">{t('next {time}', { time: at - Date.now() < DAY_MS ? timeOfDay(at) : shortTime(at, Date.now()) })}</span>
  );
}

function footText(action: AnyAction): ComponentChildren {
  const run = action.last_run;
  if (run === null) return null;
  if (run.waiting_for_input === true) return t('Waits for you');
  if (run.state === 'running') {
    return rich('Running · {elapsed}', { elapsed: <Elapsed since={run.started_at ?? run.created_at} /> });
  }
  if (run.state === 'queued') return action.queued > 1 ? t('{queued} queued', { queued: action.queued }) : t('Queued');
  const { tone, word } = outcome(run, true);
  return (
    <>
      {tone === 'ok' ? '' : `${word} · `}
      <When at={run.ended_at ?? run.created_at} narrow />
    </>
  );
}
