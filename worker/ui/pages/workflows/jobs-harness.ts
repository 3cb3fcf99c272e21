import type { JobStepView } from '../../../../shared/workflows.ts';

/** For tests: a step that has completed its one run, but for what is named. */
export function stepView(name: string, of: Partial<JobStepView> = {}): JobStepView {
  return {
    name,
    action: name,
    action_type: 'script',
    depends_on: [],
    state: 'completed',
    attempt: 1,
    task_id: null,
    child_job_id: null,
    container: null,
    started_at: '2026-11-29T12:00:00.000Z',
    ended_at: '2026-11-29T12:00:01.000Z',
    retry_at: null,
    output: null,
    error: null,
    each: null,
    instances: null,
    message: null,
    asks: {},
    approved_by: null,
    ...of,
  };
}
