import type { FlowEffect, Job, Json, Plan } from './job.ts';

type Kind = (FlowEffect & { type: 'fire_hooks' })['on'];

const STATUS = { on_success: 'completed', on_error: 'failed', on_cancel: 'cancelled', on_suspended: 'suspended' } as const;

const moment = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

/** What a hook's input may name as `hook.*`. @param source_id what started the job, where it has a name. */
export function hookContext(plan: Plan, job: Job, on: Kind, source_id: string | null): Record<string, Json> {
  const { started_at, ended_at, steps } = job;
  return {
    workspace: plan.workspace,
    task_name: plan.task_name,
    job_id: job.id,
    status: STATUS[on],
    is_success: on === 'on_success',
    error_message: job.error ?? null,
    source_type: job.source,
    source_id,
    started_at: moment(started_at),
    completed_at: moment(ended_at),
    duration_secs: started_at === undefined || ended_at === undefined ? null : (ended_at - started_at) / 1000,
    failed_steps: steps.flatMap(({ name, state, error }) => {
      const step = plan.task.flow[name];
      if (state !== 'failed' || step === undefined) return [];
      const { action, continue_on_failure } = step;
      return [{ step_name: name, action_name: action, error_message: error ?? null, continue_on_failure }];
    }),
  };
}
