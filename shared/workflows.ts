import * as z from 'zod';
import { pageQuery, time } from './api.ts';
import { hook, inputField, retryPolicy, trigger as triggerDefinition } from './flow/definition.ts';
import { jobSource, jobState, stepState } from './flow/job.ts';
import { hostId, SLUG, taskId, userId, uuid } from './ids.ts';
import { notAfter } from './in-time.ts';
import { shallowJson } from './json.ts';

/** Workspaces, tasks, jobs and triggers, as they cross borders, and what may be asked about them. */

export const workspaceName = z.string().regex(SLUG, 'small letters, digits and hyphens, at most 64');
/** Of tasks, steps and triggers, as they stand in a path. An instance of a loop is `<step>[<index>]`. */
const definedName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,200}$/, 'a name of the workspace: letters, digits, hyphens and underscores');
const stepName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}(?:\[\d{1,5}\])?$/, 'the name of a step');
export const jobId = uuid;

/** What is wrong with a definition, and where. */
export const problem = z.object({
  /** Below the workspace's folder. */
  file: z.string(),
  /** From 1 on; columns in UTF-16 units. */
  line: z.int(),
  column: z.int(),
  /** A sentence. */
  message: z.string(),
  /** What to write instead; absent where the sentence says it. */
  next: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;

export const workspace = z.object({
  name: workspaceName,
  /** `own`: the host's, made of schedules and chains of quick actions. */
  type: z.enum(['folder', 'git', 'own']),
  /** Of a folder. */
  path: z.string().nullable(),
  /** Of a git repository, without a password. */
  url: z.string().nullable(),
  ref: z.string().nullable(),
  /** What it defines is for workspaces, as `name.item`; it has no tasks, triggers or jobs of its own. */
  library: z.boolean(),
  /** Those that its good revision uses. */
  libraries: z.array(z.object({ name: z.string(), revision: z.string() })),
  /** By which jobs are made now; null: there never was a good one. */
  revision: z.string().nullable(),
  /** The newest that was looked at; another one than `revision` while it has errors. */
  seen_revision: z.string().nullable(),
  /** Of the newest. */
  problems: z.array(problem),
  /** Why it could not be read at all, in a sentence; null when it could. */
  error: z.string().nullable(),
  tasks: z.int(),
  triggers: z.int(),
  /** When it was looked at last. */
  checked_at: time.nullable(),
  created_at: time,
});
export type Workspace = z.infer<typeof workspace>;

/** A key by which a server of ssh shows that it is itself. */
const hostKey = z.object({ host: z.string(), type: z.string(), /** SHA256:… */ fingerprint: z.string() });
export type HostKey = z.infer<typeof hostKey>;

/** The key of a workspace from git: its public part, for the repository's settings. */
const deployKey = z.object({
  public_key: z.string(),
  fingerprint: z.string(),
  /** The server's keys that an admin has compared. */
  trusted: z.array(hostKey),
});
export type DeployKey = z.infer<typeof deployKey>;

export const jobSummary = z.object({
  job_id: jobId,
  host: hostId,
  workspace: workspaceName,
  task: z.string(),
  revision: z.string(),
  state: jobState,
  source: jobSource,
  /** The trigger, or the job, that it came from; null when somebody asked for it. */
  source_id: z.string().nullable(),
  user: z.string(),
  user_id: z.string(),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  /** Why it failed, or was cancelled, in a sentence. */
  error: z.string().nullable(),
});
export type JobSummary = z.infer<typeof jobSummary>;

/** In which container or pod a step is executed. */
export const containerFacts = z.object({
  engine: z.enum(['docker', 'podman', 'kubernetes']),
  image: z.string(),
  /** Of a container its id; of a pod its namespace and name. */
  id: z.string(),
});
export type ContainerFacts = z.infer<typeof containerFacts>;

/** A step of a job, or an instance of a step with `for_each`. */
export const jobStepView = z.object({
  name: z.string(),
  action: z.string(),
  action_type: z.enum(['script', 'docker', 'pod', 'task', 'approval', 'noop', 'quick_action']),
  depends_on: z.array(z.string()),
  state: stepState,
  /** 0: not begun. */
  attempt: z.int(),
  /** The run of its newest attempt: GET /api/runs/:id, `attach`. */
  task_id: taskId.nullable(),
  /** The job of its newest attempt, of a step that executes a task. */
  child_job_id: jobId.nullable(),
  /** Of its newest attempt; null on the host itself, and before it is made. */
  container: containerFacts.nullable(),
  started_at: time.nullable(),
  ended_at: time.nullable(),
  /** When the next attempt begins. */
  retry_at: time.nullable(),
  output: shallowJson.nullable(),
  error: z.string().nullable(),
  /** Of an instance: the step that it is one of, and what it got. */
  each: z.object({ step: z.string(), item: shallowJson, index: z.int() }).nullable(),
  /** How many instances a step with `for_each` has; null before it was expanded, and of other steps. */
  instances: z.int().nullable(),
  /** Of an approval: what is asked, and who answered. */
  message: z.string().nullable(),
  /** The inputs of its action that the step itself says nothing of: who approves gives them. Empty of other steps. */
  asks: z.record(z.string(), inputField),
  approved_by: z.string().nullable(),
});
export type JobStepView = z.infer<typeof jobStepView>;

export const job = jobSummary.extend({
  /** Secrets masked. */
  input: z.record(z.string(), shallowJson),
  /** In the order of the file; an instance follows its step. */
  steps: z.array(jobStepView),
  /** Somebody has cancelled it, and it has not ended yet. */
  stopping: z.boolean(),
});
export type Job = z.infer<typeof job>;

export const trigger = z.object({
  workspace: workspaceName,
  name: z.string(),
  task: z.string(),
  enabled: z.boolean(),
  /** As its file says it; a webhook's secret is left out. */
  definition: triggerDefinition,
  /** Of a scheduler that is enabled: the first of `next_fires`. */
  next_fire_at: time.nullable(),
  /** Its next times, three at most. */
  next_fires: z.array(time),
  last_fired_at: time.nullable(),
  last_job_id: jobId.nullable(),
  /** The job of `last_job_id`; null when it was removed with old history. */
  last_job: jobSummary.nullable(),
  /** Why it did not fire the last time it should have; null when it did. */
  error: z.string().nullable(),
  /** When that was. */
  failed_at: time.nullable(),
});
export type Trigger = z.infer<typeof trigger>;

/** Which clients may execute a task: everyone, or those named by id. Admins always may. */
const allow = z.union([z.literal('everyone'), z.array(userId).max(1000)]);

export const taskSummary = z.object({
  workspace: workspaceName,
  name: z.string(),
  /** As people call it; its name where the file says nothing. */
  title: z.string(),
  description: z.string(),
  folder: z.string(),
  steps: z.int(),
  /** The library that it comes from; null: its workspace's own files. */
  library: z.string().nullable(),
  last_job: jobSummary.nullable(),
  /** Of its schedules, the one that is next. */
  next_fire_at: time.nullable(),
  /** Absent for a client. */
  allow: allow.optional(),
});
export type TaskSummary = z.infer<typeof taskSummary>;

const taskStep = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  action: z.string(),
  action_type: jobStepView.shape.action_type,
  /** The library that its action comes from. */
  library: z.string().nullable(),
  depends_on: z.array(z.string()),
  when: z.string().nullable(),
  loop: z.boolean(),
  sequential: z.boolean(),
  continue_on_failure: z.boolean(),
  timeout_s: z.int().nullable(),
  retry: retryPolicy.nullable(),
  /** Of its newest attempts that completed, in milliseconds; null when none did. */
  p50_ms: z.int().nullable(),
  p95_ms: z.int().nullable(),
});
export type TaskStep = z.infer<typeof taskStep>;

export const taskView = taskSummary.extend({
  revision: z.string(),
  input: z.record(z.string(), inputField),
  /** In the order of the file. */
  flow: z.array(taskStep),
  timeout_s: z.int().nullable(),
  hooks: z.object({ on_success: z.array(hook), on_error: z.array(hook), on_cancel: z.array(hook), on_suspended: z.array(hook) }),
  /** Newest first. */
  last_jobs: z.array(jobSummary),
  /** How many start it. Absent for a client. */
  triggers: z.int().optional(),
  /** It was made of two quick actions, one after the other. Absent for a client, and where it was not. */
  chain: z.literal(true).optional(),
});
export type TaskView = z.infer<typeof taskView>;

// What may be asked

export const workspaceParams = z.object({ ws: workspaceName });
export const taskNameParams = z.object({ ws: workspaceName, name: definedName });
export const jobParams = z.object({ id: jobId });
export const jobStepParams = z.object({ id: jobId, step: stepName });

const ofLibraries = { library: z.boolean().optional() };

/** POST /api/workspaces. */
export const workspaceCreate = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('folder'), name: workspaceName, path: z.string().min(1).max(4096), ...ofLibraries }),
  z.strictObject({
    type: z.literal('git'),
    name: workspaceName,
    url: z.string().min(1).max(2048),
    /** A branch, tag or commit; absent: what the repository calls HEAD. */
    ref: z.string().min(1).max(200).optional(),
    ...ofLibraries,
  }),
]);
export type WorkspaceCreate = z.infer<typeof workspaceCreate>;

/** PATCH /api/workspaces/:ws. What is left out stays as it is. */
export const workspacePatch = z.strictObject({
  path: z.string().min(1).max(4096).optional(),
  url: z.string().min(1).max(2048).optional(),
  ref: z.string().min(1).max(200).nullable().optional(),
});
export type WorkspacePatch = z.infer<typeof workspacePatch>;

/** POST /api/workspaces/:ws/key/host: trusts the server's key with this fingerprint; without one, its keys are shown. */
export const hostKeyRequest = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256:…, as ssh-keygen -l shows it')
    .optional(),
});

/** PATCH /api/workspaces/:ws/tasks/:name. */
export const taskPatch = z.strictObject({ allow: allow.optional() });

/** POST …/tasks/:name/execute. */
export const executeRequest = z.strictObject({
  input: z.record(z.string(), shallowJson).default({}),
  /** The same id never starts two jobs: a retry gets the first one's. */
  request_id: uuid.optional(),
  not_after: notAfter.optional(),
  /** For the history: the page says that it asks. */
  source: z.enum(['page', 'api']).default('api'),
});

/** GET /api/jobs. */
export const jobsQuery = z.strictObject({
  ...pageQuery,
  workspace: workspaceName.optional(),
  task: definedName.optional(),
  status: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(jobState).min(1))
    .optional(),
  source: jobSource.optional(),
});
export type JobsQuery = z.infer<typeof jobsQuery>;

/** POST /api/jobs/:id/rerun: from this step on with all that depend on it; absent: all that did not complete. */
export const rerunRequest = z.strictObject({ from: stepName.optional() });

/** POST /api/jobs/:id/steps/:step/approve. */
export const approveRequest = z.strictObject({
  approved: z.boolean(),
  rejection_reason: z.string().max(2000).optional(),
  input: z.record(z.string(), shallowJson).optional(),
});
export type ApproveRequest = z.infer<typeof approveRequest>;

/** GET /api/jobs/:id/logs. */
export const jobLogsQuery = z.strictObject({ format: z.enum(['text', 'jsonl']).default('text'), step: stepName.optional() });

/** A line of `?format=jsonl`. */
export interface JobLogLine {
  ts: string;
  stream: 'stdout' | 'stderr';
  step: string;
  line: string;
}

/** POST /api/validate: texts by the path below `.workflows/`. */
export const validateRequest = z.strictObject({ files: z.record(z.string().max(400), z.string()) });
export interface Validation {
  problems: Problem[];
}
