import { computed, effect, signal } from '@preact/signals';
import type { ShownCard } from '../../../shared/actions.ts';
import { ToruError } from '../../../shared/errors.ts';
import type { RunState } from '../../../shared/run-state.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { RunSummary } from '../../../shared/runs.ts';
import { agent, read, sentence } from '../api.ts';
import { connection } from '../connection/page-connection.ts';
import { type AnyAction, isActionList, type ListedActions } from '../guards.ts';
import { me } from '../own-session.ts';
import { asPressed } from './as-pressed.ts';
import { oneAtATime } from './at-once.ts';
import { forgetActions, keepActions, keptActions } from './kept-actions.ts';

/** The actions that the person may press, in their order; null until they were read. Kept fresh by the `runs` topic. */
export const actions = signal<AnyAction[] | null>(null);
/** The cards of plugins that stand among them. */
export const homeCards = signal<readonly ShownCard[]>([]);
/** Why they could not be read, in a sentence. */
export const actionsProblem = signal<string | null>(null);

/** Runs under way, over all actions: for the tab's title. */
export const underWay = computed(() => (actions.value ?? []).reduce((sum, action) => sum + action.running + action.queued, 0));

/** The first reading is asked for beside “who am I?”: it needs the session's cookie, which the server has seen or not, and not the answer. */
let early = location.pathname === '/login' || isForNobody() ? null : agent.actions.$get();
early?.catch(() => undefined);

/** Did the request for this page come without a session's cookie? As the server said beside the page (worker/http/serve-page.ts). */
function isForNobody(): boolean {
  const [load] = performance.getEntriesByType('navigation');
  return load instanceof PerformanceNavigationTiming && load.serverTiming.some(({ name }) => name === 'nobody');
}

/** Reads the list. */
export const loadActions = oneAtATime(async () => {
  const request = early ?? agent.actions.$get();
  early = null;
  try {
    const list = await read(isActionList, request);
    if (me.peek() !== null) noteActions(list);
    actionsProblem.value = null;
  } catch (error) {
    // With the host away, those of the last time can still be asked for.
    if (error instanceof ToruError && error.code === 'host_offline') actions.value ??= keptActions();
    actionsProblem.value = actions.peek() === null ? sentence(error) : null;
  }
});

/** Until they were read, or could not be. */
export function actionsRead(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (actions.value === null && actionsProblem.value === null) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

/** Shows a list that was read. */
export function noteActions({ items, cards = [] }: ListedActions): void {
  actions.value = asKnown(items.map(asPressed).toSorted((a, b) => a.position - b.position));
  if (JSON.stringify(cards) !== JSON.stringify(homeCards.peek())) homeCards.value = cards;
}

/** Those that are as they were stay the same objects, and a list of them the same list: nothing of it is drawn again. */
function asKnown(items: AnyAction[]): AnyAction[] {
  const known = actions.peek() ?? [];
  const texts = new Map(known.map((action) => [JSON.stringify(action), action]));
  const now = items.map((action) => texts.get(JSON.stringify(action)) ?? action);
  if (now.length === known.length && now.every((action, i) => action === known[i])) return known;
  keepActions(now);
  return now;
}

/** A run was started here: its tile shows it at once. */
export function noteStarted(run: RunSummary): void {
  const action = actions.peek()?.find((one) => one.id === run.action);
  // Its own news may have overtaken us.
  if (action !== undefined && action.last_run?.task_id !== run.task_id) replace(withRun(action, run));
}

/** A run changed. What we know is shown at once; the exact numbers come with the list. */
function noteRun(run: RunSummary): void {
  const action = actions.peek()?.find((one) => one.id === run.action);
  if (action !== undefined) replace(withRun(action, run));
  soon();
}

/** The action after this news: its newest run, and how many are under way. */
function withRun(action: AnyAction, run: RunSummary): AnyAction {
  const known = action.last_run;
  if (known?.task_id === run.task_id) return counted({ ...counted(action, known.state, -1), last_run: run }, run.state, 1);
  if (known !== null && known.created_at > run.created_at) return action;
  return counted({ ...action, last_run: run }, run.state, 1);
}

function counted(action: AnyAction, state: RunState, by: 1 | -1): AnyAction {
  if (isFinal(state)) return action;
  return { ...action, [state]: Math.max(0, (state === 'queued' ? action.queued : action.running) + by) };
}

/** Shows an action as it is now. */
export function replace(action: AnyAction): void {
  actions.value = (actions.peek() ?? []).map((one) => (one.id === action.id ? action : one));
}

let timer: ReturnType<typeof setTimeout> | undefined;
function soon(): void {
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    void loadActions();
  }, 300);
}

let stop: (() => void) | null = null;
effect(() => {
  const there = me.value !== null && me.value !== undefined;
  if (!there) {
    stop?.();
    stop = null;
    actions.value = null;
    actionsProblem.value = null;
    if (me.value === null) {
      early = null;
      forgetActions();
    }
  } else if (stop === null) {
    const read = (): void => void loadActions();
    stop = connection.onRun(noteRun, read);
    read();
  }
});
