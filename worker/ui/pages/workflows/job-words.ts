import type { JobSource, JobState, StepState } from '../../../../shared/flow/job.ts';
import type { Outcome } from '../../data/run-calls.ts';
import { msg, t } from '../../translate.ts';

/** How the states of jobs and steps are shown; and which of them change no more. */
const STATES: Readonly<Record<JobState | StepState, readonly [tone: Outcome['tone'], word: string, over: boolean]>> = {
  pending: ['quiet', msg('Waiting'), false],
  ready: ['wait', msg('Ready'), false],
  running: ['live', msg('Running'), false],
  suspended: ['wait', msg('Waits for an answer'), false],
  completed: ['ok', msg('Succeeded'), true],
  failed: ['bad', msg('Failed'), true],
  cancelled: ['quiet', msg('Cancelled'), true],
  skipped: ['quiet', msg('Skipped'), true],
};

export interface Stateful {
  state: JobState | StepState;
  stopping?: boolean | undefined;
  retry_at?: string | null | undefined;
}

export function outcomeOf({ state, stopping, retry_at }: Stateful): Outcome {
  // A newer host may have more of them.
  if (!Object.hasOwn(STATES, state)) return { tone: 'quiet', word: state };
  const [tone, word, over] = STATES[state];
  if (stopping === true && !over) return { tone: 'live', word: t('Stopping') };
  return { tone, word: state === 'ready' && retry_at != null ? t('Waits to try again') : t(word) };
}

export function isOver({ state }: Pick<Stateful, 'state'>): boolean {
  return Object.hasOwn(STATES, state) && STATES[state][2];
}

/** Who, or what, a job was started by. */
export const SOURCES: Readonly<Record<JobSource, string>> = {
  page: msg('on the page'),
  api: msg('over the API'),
  cli: msg('by the command'),
  trigger: msg('by a schedule'),
  webhook: msg('by a webhook'),
  hook: msg('by a hook'),
  task: msg('by a job'),
  rerun: msg('by a re-run'),
};

export const JOB_STATES: readonly JobState[] = ['pending', 'running', 'suspended', 'completed', 'failed', 'cancelled', 'skipped'];

/** How long it took, or takes, in milliseconds; null when it never began. */
export function tookOf({ started_at, ended_at }: { started_at: string | null; ended_at: string | null }, now: number): number | null {
  return started_at === null ? null : Math.max(0, (ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at));
}

/** A revision is a long hash, with a short one of the libraries that it uses. */
export function shortRevision(revision: string): string {
  return revision.replace(/^([0-9a-f]{8})[0-9a-f]{8,}(?=$|\+)/, '$1');
}

export const taskPath = ({ workspace, task }: { workspace: string; task: string }): string =>
  `/workflows/${encodeURIComponent(workspace)}/${encodeURIComponent(task)}`;
