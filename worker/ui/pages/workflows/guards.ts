import type {
  ContainerFacts,
  DeployKey,
  HostKey,
  Job,
  JobStepView,
  JobSummary,
  Problem,
  TaskStep,
  TaskSummary,
  TaskView,
  Workspace,
} from '../../../../shared/workflows.ts';
import { bool, isRecord, listOfAll, number, orNull, shape, text } from '../../guards.ts';

/** The answers about workflows, as the page looks at them (../../guards.ts). A state that it does not know is shown by its name. */

const isProblem = shape<Problem>({ file: text, line: number, column: number, message: text });
export const isWorkspace = shape<Workspace>({
  name: text,
  path: orNull(text),
  url: orNull(text),
  ref: orNull(text),
  library: bool,
  revision: orNull(text),
  seen_revision: orNull(text),
  problems: listOfAll(isProblem),
  error: orNull(text),
  tasks: number,
  triggers: number,
  checked_at: orNull(text),
});

const ofEveryJob = {
  job_id: text,
  workspace: text,
  task: text,
  revision: text,
  source_id: orNull(text),
  user: text,
  user_id: text,
  created_at: text,
  started_at: orNull(text),
  ended_at: orNull(text),
  error: orNull(text),
};
export const isJobSummary = shape<JobSummary>(ofEveryJob);
export const isStep = shape<JobStepView>({
  name: text,
  depends_on: listOfAll(text),
  attempt: number,
  task_id: orNull(text),
  child_job_id: orNull(text),
  container: orNull(shape<ContainerFacts>({ image: text, id: text })),
  started_at: orNull(text),
  ended_at: orNull(text),
  retry_at: orNull(text),
  error: orNull(text),
  instances: orNull(number),
  message: orNull(text),
  asks: isRecord,
  approved_by: orNull(text),
});
export const isJob = shape<Job>({ ...ofEveryJob, input: isRecord, steps: listOfAll(isStep), stopping: bool });

const ofEveryTask = {
  workspace: text,
  name: text,
  title: text,
  description: text,
  folder: text,
  library: orNull(text),
  last_job: orNull(isJobSummary),
  next_fire_at: orNull(text),
};
export const isTaskSummary = shape<TaskSummary>(ofEveryTask);
const isTaskStep = shape<TaskStep>({
  name: text,
  title: text,
  description: text,
  library: orNull(text),
  depends_on: listOfAll(text),
  when: orNull(text),
  p50_ms: orNull(number),
  p95_ms: orNull(number),
});
export const isTask = shape<TaskView>({
  ...ofEveryTask,
  revision: text,
  input: isRecord,
  flow: listOfAll(isTaskStep),
  last_jobs: listOfAll(isJobSummary),
});

export const isHostKey = shape<HostKey>({ host: text, type: text, fingerprint: text });
export const isDeployKey = shape<DeployKey>({ public_key: text, fingerprint: text, trusted: listOfAll(isHostKey) });
export const isKnownKey = shape<{ key: DeployKey | null }>({ key: orNull(isDeployKey) });
export const isStarted = shape<{ job_id: string }>({ job_id: text });
