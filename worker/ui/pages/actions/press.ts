import { signal } from '@preact/signals';
import { ToruError } from '../../../../shared/errors.ts';
import type { InputValues } from '../../../../shared/input-values.ts';
import { sentence } from '../../api.ts';
import { hostNow } from '../../clock.ts';
import type { Once } from '../../connection/starts.ts';
import { noteStarted } from '../../data/known-actions.ts';
import { hostPresence } from '../../data/presence.ts';
import type { AnyAction } from '../../guards.ts';
import { navigate, runPath } from '../../navigation.ts';
import { me } from '../../own-session.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { isActive } from './tile.tsx';

/** The question of a press before it runs. */
export interface Question {
  action: AnyAction;
  /** The answers of an earlier run that is to be repeated. */
  before?: InputValues;
  /** Answers from the link that led here, and the names in it that are none. */
  linked?: { answers: Record<string, unknown>; strange: readonly string[] };
  /** Where to go with the run. Without it a message follows it to its end. */
  onStarted?: (taskId: string) => void;
  /** When it has started, or waits for the host. */
  onAsked?: () => void;
}
/** The question that is open. */
export const asking = signal<Question | null>(null);
/** Actions whose press is on its way to the host. */
export const starting = signal<ReadonlySet<string>>(new Set());

/** Does a press ask something first? */
export function asksFirst(action: AnyAction): boolean {
  return action.inputs.length > 0 || action.confirm !== 'none';
}

/** A tile was pressed: open what is under way, ask, or start. */
export function press(action: AnyAction): void {
  if (isActive(action) && action.last_run !== null && !isHostAway()) {
    navigate(runPath(action.last_run.task_id));
    return;
  }
  pressAgain(action);
}

/** Starts one more, whatever is under way. With the host away, asks whether it should wait. */
export function pressAgain(action: AnyAction, then: Pick<Question, 'onAsked' | 'onStarted'> = {}): void {
  if (action.problem !== null) {
    toast(action.problem, 'bad');
    return;
  }
  const question: Question = { action, ...then };
  if (asksFirst(action) || isHostAway()) asking.value = question;
  else void startAtOnce(question);
}

/** Starts an action that asks nothing. @param once as the one request that a ticket allows. */
export async function startAtOnce(question: Question, once?: Once): Promise<void> {
  const { action, onAsked, onStarted } = question;
  try {
    const taskId = await startAction(action, {}, { quietly: onStarted !== undefined, once });
    onAsked?.();
    onStarted?.(taskId);
  } catch (error) {
    // It went while the press was on its way.
    if (error instanceof ToruError && error.code === 'host_offline') asking.value = question;
    else toast(sentence(error), 'bad');
  }
}

export function isHostAway(): boolean {
  return hostPresence.peek().kind === 'host_away';
}

/**
 * Starts an action. The tile shows it at once, and a message with the newest line of output follows it to its end.
 * `quietly`: without that message. @throws ToruError: `extra.input` names the field that the host did not like.
 */
export async function startAction(
  action: AnyAction,
  inputs: Record<string, unknown>,
  options: { quietly?: boolean; once?: Once | undefined } = {},
): Promise<string> {
  if (starting.peek().has(action.id)) throw new ToruError('busy', t('This press is still on its way.'));
  starting.value = new Set([...starting.peek(), action.id]);
  try {
    // It came behind the first paint, if it could.
    const { starts, watchPress } = await import('./press-toast.tsx');
    const taskId = await starts.start({ action: action.id, inputs }, options.once);
    noteStarted({
      task_id: taskId,
      user_id: me.peek()?.user.id ?? '',
      action: action.id,
      label: action.label,
      state: 'running',
      exit_code: null,
      created_at: new Date(hostNow()).toISOString(),
      started_at: null,
      ended_at: null,
    });
    if (options.quietly !== true) watchPress(action.label, taskId);
    return taskId;
  } finally {
    starting.value = new Set([...starting.peek()].filter((id) => id !== action.id));
  }
}
