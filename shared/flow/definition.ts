import * as z from 'zod';
import { shallowJson } from '../json.ts';

/**
 * A workspace's definitions, as its files are after they were read, checked and merged: what the language's many spellings
 * (`shell` = `script`, `cmd`, durations as text) come to. The reducer, the driver and the page know this form alone; a job is
 * pinned to the definitions with which it began.
 *
 * The field names are those of the language (design: workflows, “Words”). Durations are whole seconds.
 */

/** Step names stand in templates, where a hyphen is an underscore (`templateName`). */
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, 'letters, digits, hyphens and underscores, beginning with a letter');

/** Text with `{{ … }}` in it, or a value in which such texts stand at any depth. */
const templated = shallowJson;
const templatedMap = z.record(z.string(), templated).default({});
const texts = z.record(z.string(), z.string()).default({});

export const MAX_STEP_S = 24 * 3600;
export const MAX_TASK_S = 7 * 24 * 3600;
const seconds = (most: number) => z.int().min(1).max(most);

export const retryPolicy = z.object({
  /** The first attempt included. */
  max_attempts: z.int().min(1).max(10).default(3),
  delay_s: z.int().min(0).max(3600).default(30),
  backoff: z.enum(['fixed', 'exponential']).default('fixed'),
  /** Up to a quarter more or less, by the number that comes with the event. */
  jitter: z.boolean().default(false),
});
export type RetryPolicy = z.infer<typeof retryPolicy>;

/** An exponential delay grows to at most so many times the first one. */
export const MAX_BACKOFF = 64;

export const inputField = z.object({
  /** A primitive, or the name of a connection type. */
  type: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  required: z.boolean().default(false),
  secret: z.boolean().default(false),
  default: shallowJson.optional(),
  options: z.array(shallowJson).optional(),
  allow_custom: z.boolean().default(false),
  multiple: z.boolean().default(false),
  order: z.int().optional(),
});
export type InputField = z.infer<typeof inputField>;

const fields = z.record(z.string(), inputField).default({});

const outputField = z.object({
  type: z.string(),
  description: z.string().optional(),
  required: z.boolean().default(false),
  default: shallowJson.optional(),
  options: z.array(shallowJson).optional(),
});

const resources = z.object({ cpu: z.string().optional(), memory: z.string().optional() });

const commonOfActions = {
  name: z.string().optional(),
  description: z.string().optional(),
  input: fields,
  output: z.record(z.string(), outputField).default({}),
  env: texts,
  tags: z.array(z.string()).default([]),
  retry: retryPolicy.optional(),
  timeout_s: seconds(MAX_STEP_S).optional(),
  /** The library that it comes from; absent: the workspace itself. */
  library: z.string().optional(),
};

const container = {
  image: z.string(),
  cmd: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  workdir: z.string().optional(),
  resources: resources.optional(),
};

export const scriptLanguage = z.enum(['shell', 'python', 'javascript', 'typescript', 'go']);

export const action = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('script'),
    ...commonOfActions,
    /** The text itself, or a file below the workspace's folder. */
    code: z.union([z.object({ script: z.string() }), z.object({ source: z.string() })]),
    args: z.array(templated).default([]),
    language: scriptLanguage.default('shell'),
    interpreter: z.string().optional(),
    dependencies: z.array(z.string()).default([]),
    runner: z.enum(['local', 'docker', 'pod']).default('local'),
    workdir: z.string().optional(),
    resources: resources.optional(),
    manifest: shallowJson.optional(),
  }),
  z.object({ type: z.literal('docker'), ...commonOfActions, ...container }),
  z.object({ type: z.literal('pod'), ...commonOfActions, ...container, manifest: shallowJson.optional() }),
  z.object({ type: z.literal('task'), ...commonOfActions, task: z.string() }),
  z.object({ type: z.literal('approval'), ...commonOfActions, message: z.string().default('') }),
  /** A step without a process, which ends at once with its input as output: for tests of the engine and its figures. */
  z.object({ type: z.literal('noop'), ...commonOfActions }),
  /** Presses a quick action of the host. No file says this: schedules and chains of quick actions are made of it. */
  z.object({ type: z.literal('quick_action'), ...commonOfActions, quick_action: z.string() }),
]);
export type Action = z.infer<typeof action>;

export const step = z.object({
  /** A name in the workspace's actions; an inline action was given one (`<task>.<step>`). */
  action: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  depends_on: z.array(name).default([]),
  input: templatedMap,
  when: z.string().optional(),
  /** An expression that gives a list, or the list. */
  for_each: z.union([z.string(), z.array(templated)]).optional(),
  sequential: z.boolean().default(false),
  continue_on_failure: z.boolean().default(false),
  timeout_s: seconds(MAX_STEP_S).optional(),
  retry: retryPolicy.optional(),
});
export type Step = z.infer<typeof step>;

export const hook = z.object({ action: z.string(), input: templatedMap });
export type Hook = z.infer<typeof hook>;

export const HOOKS = ['on_success', 'on_error', 'on_cancel', 'on_suspended'] as const;

export const task = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  folder: z.string().optional(),
  input: fields,
  /** In the order of the file. */
  flow: z.record(name, step),
  timeout_s: seconds(MAX_TASK_S).optional(),
  retry: retryPolicy.optional(),
  /** Jobs of this task at the same time; absent: as many as the host takes. */
  concurrency: z.int().min(1).optional(),
  /** The library that it comes from; absent: the workspace itself. */
  library: z.string().optional(),
  on_success: z.array(hook).default([]),
  on_error: z.array(hook).default([]),
  on_cancel: z.array(hook).default([]),
  on_suspended: z.array(hook).default([]),
});
export type Task = z.infer<typeof task>;

const commonOfTriggers = { task: z.string(), input: templatedMap, enabled: z.boolean().default(true) };

export const trigger = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('scheduler'),
    ...commonOfTriggers,
    /** Five fields, or six with seconds first. */
    cron: z.string(),
    /** An IANA name. */
    timezone: z.string().default('UTC'),
    concurrency: z.enum(['allow', 'skip', 'cancel_previous']).default('allow'),
    catch_up: z.enum(['none', 'one', 'all']).default('one'),
    catch_up_window_s: z
      .int()
      .min(0)
      .default(24 * 3600),
    /** A start is put off by up to so many seconds, the same for each due time. */
    jitter_s: z.int().min(0).max(3600).default(0),
  }),
  z.object({
    type: z.literal('webhook'),
    ...commonOfTriggers,
    /** The last part of its URL, `/hooks/:name`. */
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    secret: z.string().optional(),
    signature: z.enum(['github', 'standard-webhooks', 'stripe', 'none']).default('none'),
    mode: z.enum(['sync', 'async']).default('async'),
    timeout_secs: z.int().min(1).max(300).default(30),
    allow_get: z.boolean().default(false),
    /** Kept at the edge while the host is away. */
    keep: z.boolean().default(false),
  }),
]);
export type Trigger = z.infer<typeof trigger>;

/** What actions of another workspace are run with: its own secrets and connections. */
const owner = z.object({
  secrets: texts,
  connection_types: z.record(z.string(), z.record(z.string(), inputField)).default({}),
  connections: z.record(z.string(), z.record(z.string(), templated)).default({}),
});
export type Owner = z.infer<typeof owner>;

export const definitions = z.object({
  /** Texts whose templates may name `env.*` of the agent's allow-list and stored secrets. */
  secrets: texts,
  connection_types: z.record(z.string(), z.record(z.string(), inputField)).default({}),
  connections: z.record(z.string(), z.record(z.string(), templated)).default({}),
  actions: z.record(z.string(), action).default({}),
  tasks: z.record(z.string(), task).default({}),
  triggers: z.record(z.string(), trigger).default({}),
  on_success: z.array(hook).default([]),
  on_error: z.array(hook).default([]),
  /** The libraries whose items are among these, as they were when this was read. Folders are absolute; another workspace has an `owner`. */
  libraries: z.record(z.string(), z.object({ revision: z.string(), folder: z.string(), owner: owner.optional() })).default({}),
});
export type Definitions = z.infer<typeof definitions>;

/** As a step is called in templates: `{{ check_data.output.ok }}` of `check-data`. */
export const templateName = (step: string): string => step.replaceAll('-', '_');
