import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { isFinal } from '../../../shared/run-state.ts';
import { actions, actionsProblem, loadActions } from '../data/known-actions.ts';
import { host, hostPresence } from '../data/presence.ts';
import { outcome } from '../data/run-calls.ts';
import type { AnyAction } from '../guards.ts';
import { appPath, navigate } from '../navigation.ts';
import { isAdmin } from '../own-session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { say } from '../toasts.ts';
import { t } from '../translate.ts';
import { useAsApp } from './action-app/as-app.ts';
import { Countdown } from './action-app/countdown.tsx';
import { LastRuns, useLastRuns } from './action-app/last-runs.tsx';
import { OnThisDevice } from './action-app/on-this-device.tsx';
import { PressKey } from './action-app/press-key.tsx';
import { mayRunAtOnce, runsAtOnce, takeTicket } from './action-app/run-at-once.ts';
import { linkedAnswers } from './actions/input-answers.ts';
import { PendingList } from './actions/pending-list.tsx';
import { asking, startAtOnce } from './actions/press.ts';
import { PressSheet } from './actions/press-sheet.tsx';
import { isActive, Seal } from './actions/tile.tsx';
import './action-app.css';

/** One action as an app of its own, for a thumb: what it is, how it went, and the key that runs it. */
export function Page() {
  const id = useRoute().params['action'] ?? '';
  return <AppOf key={id} id={id} />;
}

function AppOf({ id }: { id: string }) {
  const list = actions.value;
  const action = list?.find((one) => one.id === id);
  useAsApp(id, action?.label);
  // Before anything is known of the action: the page's ticket is for its opening, not for what comes of it later.
  const ticket = useMemo(() => takeTicket(id), []);
  if (action !== undefined) return <Known action={action} ticket={ticket} />;
  if (list !== null) return <Gone id={id} />;
  return (
    <div class="app">
      <PageHead title={t('Action')} />
      {actionsProblem.value === null ? (
        <Loading what={t('the action')} />
      ) : (
        <Problem message={actionsProblem.value} action={<Button onClick={() => void loadActions()}>{t('Try again')}</Button>} />
      )}
    </div>
  );
}

/** Removed, or no longer theirs: the host says the same of both. */
function Gone({ id }: { id: string }) {
  return (
    <div class="app">
      <PageHead title={t('Not here any more')} />
      <Empty title={t('You have no such action')} action={<ButtonLink href="/">{t('Go to the actions')}</ButtonLink>}>
        {t('“{id}” was removed, or is no longer shared with you.', { id })} {isAdmin.value ? '' : t('Ask whoever runs this Toru.')}{' '}
        {t('The icon can be removed from the home screen.')}
      </Empty>
    </div>
  );
}

function Known({ action, ticket }: { action: AnyAction; ticket: ReturnType<typeof takeTicket> }) {
  const presence = hostPresence.value.kind;
  /** The opening may still run it; null once it did, was stopped, or may not. */
  const opening = useSignal(ticket !== null && runsAtOnce(action.id) && mayRunAtOnce(action) && action.problem === null ? ticket : null);
  // Something else is under way, or nobody is there to run it: then nothing runs by itself later.
  if (opening.value !== null && (isActive(action) || (presence !== 'online' && presence !== 'unknown'))) opening.value = null;
  const counts = opening.value !== null && presence === 'online';

  const runs = useLastRuns(action.id);
  useSaidEnd(action);
  const stay = (): void => undefined;
  useLinkedQuestion(action, stay);
  return (
    <div class="app" data-color={action.color}>
      <header class="app-head">
        <Seal icon={action.icon} color={action.color} ring="none" />
        <PageHead title={action.label} {...(action.description === '' ? {} : { lead: action.description })} />
      </header>
      <LastRuns action={action} runs={runs ?? []} />
      {(host.value?.pending_runs.length ?? 0) > 0 && <PendingList of={action.id} />}
      {/* Below what comes in later, it would be moved by it. */}
      {runs !== null && <OnThisDevice action={action} />}
      <footer class="app-foot">
        {counts ? (
          <Countdown
            label={action.label}
            onRun={() => {
              const once = opening.peek();
              opening.value = null;
              if (once !== null) void startAtOnce({ action, onStarted: stay }, once);
            }}
            onStop={() => {
              opening.value = null;
              say(t('Stopped. {label} was not run.', { label: action.label }));
            }}
          />
        ) : (
          <PressKey action={action} onStarted={stay} />
        )}
      </footer>
      {asking.value !== null && <PressSheet key={asking.value.action.id} question={asking.value} />}
    </div>
  );
}

/** A link with answers opens the questions with them filled in. Nothing runs by it. */
function useLinkedQuestion(action: AnyAction, onStarted: () => void): void {
  const opened = useSignal(false);
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    if (query.size === 0 || action.inputs.length === 0 || action.problem !== null) return;
    asking.value = { action, linked: linkedAnswers(action.inputs, query), onStarted };
    opened.value = true;
  }, []);
  const closed = opened.value && asking.value === null;
  useEffect(() => {
    // A reload would ask once more.
    if (closed) navigate(appPath(action.id), { replace: true });
  }, [closed]);
}

/** The end of a run that was seen under way is read out: its card says it to the others. */
function useSaidEnd(action: AnyAction): void {
  const run = action.last_run;
  const before = useSignal(run);
  useEffect(() => {
    const known = before.peek();
    if (run !== null && known?.task_id === run.task_id && !isFinal(known.state) && isFinal(run.state))
      say(`${action.label}: ${outcome(run).word}`);
    before.value = run;
  }, [run?.task_id, run?.state]);
}
