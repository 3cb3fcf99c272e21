import type { JobInstance, JobStep, Plan } from '../../shared/flow/job.ts';
import { allSteps, partsOfName } from '../../shared/flow/steps.ts';
import { MASK } from '../../shared/input-passing.ts';
import type { ContainerFacts, Job, JobStepView, JobSummary } from '../../shared/workflows.ts';
import type { JobRow, LiveJob } from './job-store.ts';
import { isSealed } from './sealed-input.ts';

/** Jobs and steps, as they cross borders. */

export function summaryOf(row: JobRow, host: string, revision: string): JobSummary {
  return {
    job_id: row.job_id,
    host,
    workspace: row.workspace,
    task: row.task,
    revision,
    state: row.state,
    source: row.source,
    source_id: row.source_id,
    user: row.username,
    user_id: row.user_id,
    created_at: timeOf(row.created_at),
    started_at: timeOrNull(row.started_at),
    ended_at: timeOrNull(row.ended_at),
    error: row.error,
  };
}

/** @param by the run, or the job, that does an attempt of a step. */
export function jobOf({ row, plan, job }: LiveJob, host: string, by: (step: string, attempt: number) => DoneBy): Job {
  const steps = job === null ? [] : [...allSteps(job)].map(([name, step]) => stepOf(plan, name, step, by(name, step.attempt)));
  return {
    ...summaryOf(row, host, plan.revision),
    input: Object.fromEntries(
      Object.entries(job?.input ?? {}).map(([name, value]) => [
        name,
        plan.task.input[name]?.secret === true || isSealed(value) ? MASK : value,
      ]),
    ),
    steps,
    stopping: job?.cancelling !== undefined && row.ended_at === null,
  };
}

/** What does an attempt of a step: a run, another job, or whoever answers what is asked. */
export interface DoneBy {
  run: string | null;
  child: string | null;
  message: string | null;
  container: ContainerFacts | null;
}

export function stepOf(plan: Plan, name: string, state: JobStep | JobInstance, by: DoneBy): JobStepView {
  const { step, index } = partsOfName(name);
  const defined = plan.task.flow[step];
  const action = plan.actions[defined?.action ?? ''];
  const given = defined?.input ?? {};
  return {
    name,
    action: defined?.action ?? '',
    action_type: action?.type ?? 'script',
    depends_on: defined?.depends_on ?? [],
    state: state.state,
    attempt: state.attempt,
    task_id: by.run,
    child_job_id: by.child,
    container: by.container,
    started_at: timeOrNull(state.started_at ?? null),
    ended_at: timeOrNull(state.ended_at ?? null),
    retry_at: timeOrNull(state.retry_at ?? null),
    output: state.output ?? null,
    error: state.error ?? null,
    each: index !== undefined && 'item' in state ? { step, item: state.item, index } : null,
    instances: 'loop' in state ? (state.loop?.size ?? null) : null,
    message: by.message,
    asks:
      action?.type === 'approval' ? Object.fromEntries(Object.entries(action.input).filter(([field]) => !Object.hasOwn(given, field))) : {},
    approved_by: state.answered_by ?? null,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeOf(ms);
}
