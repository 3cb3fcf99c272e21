import * as z from 'zod';
import { MAX_STEP_S, MAX_TASK_S, retryPolicy } from '../../../shared/flow/definition.ts';
import { shallowJson } from '../../../shared/json.ts';
import { durationSeconds } from './duration.ts';

/**
 * The language as it is written, with all its spellings. What an editor checks a file with is made of these schemas (tools/workflow-schema.ts);
 * normalize.ts brings what they read into the one form of shared/flow/definition.ts.
 */

/** A map with these keys and no others. An unknown key's issue carries the known ones as its message. */
function strict<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined) });
}

const text = z.string();
const some = z.string().min(1);
const flag = z.boolean();
const list = z.array(text);
const SHAPE_OF_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;
export const isName = (name: string): boolean => SHAPE_OF_NAME.test(name);

/** Environment values are texts; a number or a boolean is its text. */
const texts = z.record(
  text,
  z.union([text, z.number(), flag], 'a text is expected').transform((value) => String(value)),
);

/** A duration as one writes it here. */
function written(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  const [unit, length] = units.find(([, each]) => seconds > 0 && seconds % each === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}

export const NOT_A_DURATION = 'a duration is expected, such as 30s, 5m, 1h30m, or whole seconds';
const duration = (least: number, most: number) =>
  z
    .union([z.int(), text], NOT_A_DURATION)
    .transform((value, context) => {
      const seconds = durationSeconds(value);
      if (seconds === null) context.addIssue({ code: 'custom', message: NOT_A_DURATION });
      else if (seconds < least || seconds > most)
        context.addIssue({ code: 'custom', message: `from ${written(least)} to ${written(most)} is expected` });
      return seconds ?? 0;
    })
    .meta({ description: 'Such as 30s, 5m, 1h30m, or whole seconds.' });

export const retry = strict({
  max_attempts: retryPolicy.shape.max_attempts,
  delay: duration(0, 3600).default(30),
  backoff: retryPolicy.shape.backoff,
  jitter: retryPolicy.shape.jitter,
}).transform(({ delay, ...rest }) => ({ ...rest, delay_s: delay }));

export const inputField = strict({
  type: some,
  name: text.optional(),
  description: text.optional(),
  required: flag.optional(),
  secret: flag.optional(),
  default: shallowJson.optional(),
  options: z.array(shallowJson).optional(),
  allow_custom: flag.optional(),
  multiple: flag.optional(),
  order: z.int().optional(),
});

export const outputField = strict({
  type: some,
  description: text.optional(),
  required: flag.optional(),
  default: shallowJson.optional(),
  options: z.array(shallowJson).optional(),
});

export const resources = strict({
  cpu: z.union([text, z.number()], 'a number of processors is expected, such as 2 or 500m').transform(String).optional(),
  memory: z.union([text, z.number()], 'an amount of memory is expected, such as 512Mi or 1Gi').transform(String).optional(),
});

/** Of every action; `input` is the schema of a named one, and the values of one that is written in a step. */
const ofActions = {
  name: text.optional(),
  description: text.optional(),
  input: z.record(text, z.unknown()).optional(),
  output: z.record(text, z.unknown()).optional(),
  env: texts.optional(),
  tags: list.optional(),
  retry: retry.optional(),
  timeout: duration(1, MAX_STEP_S).optional(),
};

const ofScripts = {
  script: some.optional(),
  cmd: some.optional(),
  source: some.optional(),
  args: z.array(shallowJson).optional(),
  language: z.enum(['shell', 'python', 'javascript', 'js', 'typescript', 'ts', 'go']).optional(),
  interpreter: some.optional(),
  dependencies: z.array(some).optional(),
  runner: z.enum(['local', 'docker', 'pod']).optional(),
  manifest: z.record(text, shallowJson).optional(),
  workdir: text.optional(),
  resources: resources.optional(),
};

const ofContainers = {
  image: some,
  cmd: some.optional(),
  entrypoint: list.optional(),
  command: list.optional(),
  workdir: text.optional(),
  resources: resources.optional(),
};

/** By their type, as a named action has them. */
export const ACTIONS = {
  script: strict({ type: z.enum(['script', 'shell']), ...ofActions, ...ofScripts }),
  docker: strict({ type: z.literal('docker'), ...ofActions, ...ofContainers }),
  pod: strict({ type: z.literal('pod'), ...ofActions, ...ofContainers, manifest: z.record(text, shallowJson).optional() }),
  task: strict({ type: z.literal('task'), ...ofActions, task: some }),
  approval: strict({ type: z.literal('approval'), ...ofActions, message: text.optional() }),
  noop: strict({ type: z.literal('noop'), ...ofActions }),
};
export type ActionType = keyof typeof ACTIONS;
export type WrittenAction = z.output<(typeof ACTIONS)[ActionType]>;

export const ofSteps = {
  depends_on: z
    .union([list, text], 'the name of a step, or a list of names, is expected')
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .optional(),
  when: z.union([text, flag, z.number()], 'a condition is expected, such as "{{ input.full }}"').transform(String).optional(),
  for_each: z.union([text, z.array(shallowJson)], 'a list, or a template that gives one, is expected').optional(),
  sequential: flag.optional(),
  continue_on_failure: flag.optional(),
};

/** A step that names its action. */
export const step = strict({
  action: some,
  name: text.optional(),
  description: text.optional(),
  input: z.record(text, shallowJson).optional(),
  timeout: duration(1, MAX_STEP_S).optional(),
  retry: retry.optional(),
  ...ofSteps,
});

/** What a step has that holds its own action. */
export const aroundInline = strict(ofSteps);

export const hook = strict({ action: some, input: z.record(text, shallowJson).optional() });
const hooks = z.array(hook).optional();

export const task = strict({
  name: text.optional(),
  description: text.optional(),
  folder: text.optional(),
  mode: z.literal('distributed').optional(),
  input: z.record(text, inputField).optional(),
  flow: z.record(text, z.record(text, z.unknown())),
  timeout: duration(1, MAX_TASK_S).optional(),
  retry: retry.optional(),
  concurrency: z.int().min(1).optional(),
  on_success: hooks,
  on_error: hooks,
  on_cancel: hooks,
  on_suspended: hooks,
});

const ofTriggers = { task: some, input: z.record(text, shallowJson).optional(), enabled: flag.optional() };

export const TRIGGERS = {
  scheduler: strict({
    type: z.literal('scheduler'),
    ...ofTriggers,
    cron: some,
    timezone: some.optional(),
    concurrency: z.enum(['allow', 'skip', 'cancel_previous']).optional(),
    catch_up: z.enum(['none', 'one', 'all']).optional(),
    catch_up_window: duration(0, 366 * 24 * 3600).optional(),
    jitter: duration(0, 3600).optional(),
  }),
  webhook: strict({
    type: z.literal('webhook'),
    ...ofTriggers,
    name: some.regex(
      /^[A-Za-z0-9_-]{1,64}$/,
      'letters, digits, hyphens and underscores are expected, at most 64: it is the end of an address',
    ),
    secret: some.optional(),
    signature: z.enum(['github', 'standard-webhooks', 'stripe', 'none']).optional(),
    mode: z.enum(['sync', 'async']).optional(),
    timeout_secs: z.int().min(1).max(300).optional(),
    allow_get: flag.optional(),
    keep: flag.optional(),
  }),
};

/** A file: the kinds of definitions that it may hold. Each definition is read by a schema of its own. */
export const file = strict({
  secrets: texts.optional(),
  connection_types: z.record(text, z.record(text, z.unknown())).optional(),
  connections: z.record(text, z.record(text, shallowJson)).optional(),
  actions: z.record(text, z.record(text, z.unknown())).optional(),
  tasks: z.record(text, z.record(text, z.unknown())).optional(),
  triggers: z.record(text, z.record(text, z.unknown())).optional(),
  on_success: hooks,
  on_error: hooks,
});
