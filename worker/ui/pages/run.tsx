import { type Signal, useSignal } from '@preact/signals';
import { ArrowLeft, Bell, ListOrdered, Pencil, RotateCw, Square } from 'lucide-preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import { ToruError } from '../../../shared/errors.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import { sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { seen } from '../data/ask-to-wait.ts';
import { cancelRun } from '../data/change-run.ts';
import { getRun, outcome } from '../data/run-calls.ts';
import { tellAbout } from '../data/tell-me.ts';
import { peekGiven } from '../given.ts';
import { isRun } from '../guards.ts';
import { linesInHash } from '../log-view/line-links.ts';
import { LogView } from '../log-view/log-view.tsx';
import type { LogPlace, LogViewer } from '../log-view/viewer.ts';
import { goBack } from '../navigation.ts';
import { isAdmin } from '../own-session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { late } from '../parts/late.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { say, toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { asking } from './actions/press.ts';
import { RunNote } from './run/note.tsx';
import { RunDetails } from './run/run-details.tsx';
import { RunLog } from './run/run-log.tsx';
import { actionOf, isActionUnread, isRepeatable, useRunAgain } from './runs/run-again.ts';
import './run.css';
import { viewedHost, withoutHost } from '../viewed-host.ts';

/** A run's output for other pages: it comes with what this page loads anyway. */
export const OutputOfRun = RunLog;

const PressSheet = late(() => import('./actions/press-sheet.tsx').then((part) => part.PressSheet));
const Results = late(() => import('./run/results.tsx').then((part) => part.Results));
const RunViews = late(() => import('./run/run-views.tsx').then((part) => part.RunViews));
const ThenRunSheet = late(() => import('./schedules/then-run.tsx').then((part) => part.ThenRunSheet));
const AnswerField = late(() => import('./run/answer-field.tsx').then((part) => part.AnswerField));

/** One run: what it is, what it prints, and what can be done about it. */
export function Page() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  return <RunOf key={id} id={id} />;
}

function RunOf({ id }: { id: string }) {
  const at = useLocation().query['at'];
  // Where it was opened: choosing lines changes the address, and not the place.
  const place = useMemo(() => placeOf(at), [at]);
  const full = useSignal(false);
  const percent = useSignal<number | null>(null);
  const run = useSignal(peekGiven(`/api/runs/${id}`, isRun));
  const viewer = useSignal<LogViewer | null>(null);
  const problem = useSignal<string | null>(null);
  const missing = useSignal(false);
  const cancelling = useSignal(false);
  const drawsLog = useSignal(false);
  const reading = useRef<AbortController | null>(null);
  const hadTerminal = useRef(false);

  async function read(): Promise<void> {
    reading.current?.abort();
    const abort = new AbortController();
    reading.current = abort;
    try {
      const before = run.peek();
      const now = await getRun(id, abort.signal);
      run.value = now;
      problem.value = null;
      if (now.stopping === true) cancelling.value = true;
      if (before !== null && !isFinal(before.state) && isFinal(now.state)) say(`${now.label}: ${outcome(now).word}`);
    } catch (error) {
      if (abort.signal.aborted) return;
      problem.value = sentence(error);
      // The host says bad_request to what can't be a run's id: an address that was not copied to its end.
      missing.value = error instanceof ToruError && (error.code === 'unknown_task' || error.code === 'bad_request');
    }
  }
  function reread(): void {
    read().catch(() => undefined);
  }

  useEffect(() => {
    reread();
    seen(id);
    const stop = connection.onRun((summary) => {
      const known = run.peek();
      const { waiting_for_input, input_hidden } = summary;
      const asksOther = waiting_for_input !== known?.waiting_for_input || input_hidden !== known?.input_hidden;
      if (summary.task_id === id && known !== null && asksOther) {
        run.value = { ...known, waiting_for_input, input_hidden };
        if (summary.waiting_for_input === true) say(t('{label} waits for your answer', { label: known.label }));
      }
      const changed = summary.state !== known?.state || summary.note !== known.note || summary.stopping !== known.stopping;
      // Where it stands in the queue changes with the runs of others.
      if (summary.task_id === id ? changed : known?.state === 'queued' && isFinal(summary.state)) reread();
    }, reread);
    return () => {
      reading.current?.abort();
      stop();
    };
  }, [id]);

  const isRead = run.value !== null;
  useEffect(() => {
    if (!isRead) return undefined;
    // Behind the head, in a task of its own: the head is painted before, and a press between both is answered.
    const timer = setTimeout(() => {
      drawsLog.value = true;
    });
    return () => clearTimeout(timer);
  }, [isRead]);

  const shown = run.value;
  if (shown === null) {
    // Already with the frame of a run's page, which has no brand above it on a phone: nothing moves up when the run is here.
    return (
      <div class="run">
        <PageHead title={t('Run')} before={<Back />} />
        {problem.value === null ? (
          <Loading what={t('the run')} />
        ) : missing.value ? (
          <Empty title={t('There is no such run')} action={<ButtonLink href="/runs">{t('Go to the runs')}</ButtonLink>}>
            {t('It was removed with old history, is not yours to see, or its address is not complete.')}
          </Empty>
        ) : (
          <Problem message={problem.value} action={<Button onClick={reread}>{t('Try again')}</Button>} />
        )}
      </div>
    );
  }
  // Until the page is left: whoever looks for something in its log when it begins or ends goes on there.
  hadTerminal.current ||= shown.tty === true && !isFinal(shown.state);
  const log = (
    <>
      <LogView
        key={at}
        run={shown}
        place={place}
        full={full.value}
        onFull={(on) => {
          full.value = on;
        }}
        onProgress={(now) => {
          percent.value = now;
        }}
        onOpened={(opened) => {
          viewer.value = opened;
        }}
        onChanged={reread}
      />
      {shown.stdin && !isFinal(shown.state) && <AnswerField run={shown} viewer={viewer.value} />}
    </>
  );
  return (
    <div class={`run${full.value ? ' run-full' : ''}${viewer.value?.away.value === true ? ' run-read' : ''}`}>
      <PageHead
        title={shown.label}
        tab={[
          ...(percent.value === null || shown.waiting_for_input === true ? [outcome(shown).word] : []),
          ...(percent.value === null ? [] : [`${percent.value} %`]),
          shown.label,
        ].join(' · ')}
        before={<Back />}
        lead={<StateMark run={shown} />}
      >
        <RunActs run={shown} cancelling={cancelling} onChanged={reread} />
      </PageHead>
      {cancelling.value && !isFinal(shown.state) && (
        <p class="run-stopping small muted" role="status">
          {t('TERM was sent to everything the run started. What is still there in ten seconds is killed.')}
        </p>
      )}
      {shown.queue_place !== undefined && (
        <p class="run-stopping small muted" role="status">
          {shown.queue_place === 1
            ? t('It is next in the queue.')
            : t('It is number {queue_place} in the queue.', { queue_place: shown.queue_place })}
        </p>
      )}
      {problem.value !== null && <Problem message={problem.value} />}
      {shown.reason !== null && shown.state !== 'exited' && <p class={`run-reason run-reason-${outcome(shown).tone}`}>{shown.reason}</p>}
      <RunDetails run={shown}>
        <RunNote
          run={shown}
          onWritten={(written) => {
            run.value = written;
          }}
        />
      </RunDetails>
      <Results key={`results ${id}`} task={id} over={isFinal(shown.state)} />
      {!drawsLog.value ? <div class="log" /> : hadTerminal.current ? <RunViews run={shown} log={log} reading={place !== null} /> : log}
      {asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </div>
  );
}

/** Where the address leads: `?at=` with a cursor, as the search does, or `#L12` with a line's number. */
function placeOf(at: string | undefined): LogPlace | null {
  if (at !== undefined && /^\d{1,15}$/.test(at)) return { cursor: Number(at) };
  const lines = linesInHash();
  return lines === null ? null : { lines };
}

function Back() {
  const up = /^\/a\/[^/]+/.exec(withoutHost(location.pathname))?.[0] ?? '/runs';
  return (
    <a
      class="btn btn-ghost btn-square run-back"
      href={up}
      aria-label={t('Back')}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        goBack(up);
      }}
    >
      <ArrowLeft size={20} aria-hidden="true" />
    </a>
  );
}

/** Each button has a slot that it keeps: what is pressed twice is never another one. */
function RunActs({ run, cancelling, onChanged }: { run: Run; cancelling: Signal<boolean>; onChanged: () => void }) {
  const { busy, again } = useRunAgain();
  const chaining = useSignal(false);
  const wasLive = useRef(false);
  wasLive.current ||= !isFinal(run.state);
  const action = actionOf(run);
  // What most runs have takes its room at once: it would push the title, and all below, when the actions come.
  const unread = isActionUnread(run);

  async function cancel(): Promise<void> {
    cancelling.value = true;
    try {
      await cancelRun(run.task_id);
      onChanged();
    } catch (error) {
      toast(sentence(error), 'bad');
      cancelling.value = false;
      onChanged();
    }
  }
  return (
    <>
      {isAdmin.value && run.action != null && (unread || action !== undefined) && (
        <ButtonLink kind="ghost" href={`/actions/${encodeURIComponent(run.action)}/edit`} icon={<Pencil size={18} aria-hidden="true" />}>
          {t('Edit action')}
        </ButtonLink>
      )}
      {isAdmin.value && run.action != null && (unread || action !== undefined) && (
        <Button
          kind="ghost"
          aria-haspopup="dialog"
          aria-label={t('Then run')}
          title={t('Then run')}
          icon={<ListOrdered size={18} aria-hidden="true" />}
          onClick={() => {
            chaining.value = true;
          }}
        />
      )}
      {chaining.value && run.action != null && (
        <ThenRunSheet
          action={run.action}
          label={run.label}
          onClose={() => {
            chaining.value = false;
          }}
        />
      )}
      {wasLive.current && viewedHost === null && (
        <Button
          kind="ghost"
          disabled={isFinal(run.state)}
          aria-label={t('Tell me when it ends')}
          title={t('Tell me when it ends')}
          icon={<Bell size={18} aria-hidden="true" />}
          onClick={() => {
            tellAbout.value = { run: run.task_id, label: run.label };
          }}
        />
      )}
      {(unread || isRepeatable(run)) && (
        <Button acts="again" disabled={unread} icon={<RotateCw size={18} aria-hidden="true" />} busy={busy} onClick={() => void again(run)}>
          {isFinal(run.state) ? t('Run again') : t('Run another')}
        </Button>
      )}
      {wasLive.current && (
        <Button
          acts="cancel"
          class={`run-cancel${isFinal(run.state) ? ' run-over' : ''}`}
          kind="danger"
          disabled={isFinal(run.state)}
          icon={<Square size={16} fill="currentColor" aria-hidden="true" />}
          busy={cancelling.value && !isFinal(run.state)}
          title={t('Sends TERM to everything that the run started; what is still there ten seconds later is killed.')}
          onClick={() => void cancel()}
        >
          {cancelling.value && !isFinal(run.state) ? t('Stopping…') : t('Cancel')}
        </Button>
      )}
    </>
  );
}
