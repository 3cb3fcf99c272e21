import type * as z from 'zod';
import type { action, hook, inputField, step, task, trigger } from '../../../shared/flow/definition.ts';
import type { ActionType, WrittenAction } from './grammar.ts';
import * as grammar from './grammar.ts';
import { quoted } from './quoted.ts';
import type { Origin, Problems } from './read-at.ts';
import { below, meant } from './read-at.ts';

export type ActionForm = z.input<typeof action>;
export type TaskForm = z.input<typeof task>;
type StepForm = z.input<typeof step>;
export type TriggerForm = z.input<typeof trigger>;
export type HookForm = z.input<typeof hook>;
type FieldForm = z.input<typeof inputField>;
type Written = Record<string, unknown>;

/** Where an action's text stands, for positions inside of it. */
export const CODE_KEYS = ['script', 'cmd', 'source'] as const;

/**
 * Stands for what has a problem of its own, so that whoever names it is not told that it does not exist. It is never run: a workspace
 * with a problem is not loaded.
 */
export const STAND_IN = {
  action: { type: 'noop' },
  field: { type: 'string' },
  task: { flow: {} },
} as const satisfies { action: ActionForm; field: FieldForm; task: TaskForm };

const ACTION_TYPES = ['script', 'docker', 'pod', 'task', 'approval', 'noop'] as const satisfies readonly ActionType[];

const OUT_OF_SCOPE = {
  agent: ['An LLM as a step (`type: agent`) is not part of Toru.', 'Call its API from a script, with its key from `toru secret set`.'],
  event_source: ['Event sources are not part of Toru.', 'Use a webhook, or a scheduler that asks the queue.'],
} as const;

const ON_SCRIPTS: Record<string, string> = {
  image:
    'A script has no image: write `type: docker` to run an image as it is, or `runner: docker` to run the script in the runner’s container.',
  command: 'Write `script`, or `type: docker` to run an image’s command.',
  entrypoint: 'Write `type: docker` to run an image with another entrypoint.',
  task: 'Write `type: task` to run another task.',
  message: 'Write `type: approval` to ask somebody.',
};
const ON_CONTAINERS: Record<string, string> = {
  script: 'Write `type: script` with `runner: docker` or `runner: pod` to run a script in a container.',
  source: 'Write `type: script` with `runner: docker` or `runner: pod` to run a file of the workspace.',
  args: 'Write `command`.',
  runner: '`runner` belongs to `type: script`.',
};
const HINTS: Record<ActionType, Record<string, string>> = {
  script: ON_SCRIPTS,
  docker: { ...ON_CONTAINERS, manifest: 'A manifest belongs to `type: pod`.' },
  pod: ON_CONTAINERS,
  task: {},
  approval: {},
  noop: {},
};

/** An action, named or written in a step. @param values its `input` holds values, not fields. @returns null where something is wrong */
export function readAction(problems: Problems, written: Written, origin: Origin, values: boolean): ActionForm | null {
  const { type } = written;
  const at = below(origin, 'type');
  if (type === undefined) return wrong(problems, origin, '“type” is missing.', 'Write type: script, docker, pod, task or approval.');
  if (type === 'agent') return refused(problems, at, OUT_OF_SCOPE.agent);
  const known = type === 'shell' ? 'script' : ACTION_TYPES.find((name) => name === type);
  if (known !== undefined) return formOf(problems, problems.read(grammar.ACTIONS[known], written, origin, HINTS[known]), origin, values);
  problems.at(at, `${quoted(String(type))} is no type of an action.`, meant(String(type), ACTION_TYPES));
  return null;
}

function formOf(problems: Problems, written: WrittenAction | null, origin: Origin, values: boolean): ActionForm | null {
  if (written === null) return null;
  const { name, description, env, tags, retry, timeout } = written;
  const common = defined({ name, description, env, tags, retry, timeout_s: timeout });
  const input = values ? undefined : readFields(problems, written.input ?? {}, below(origin, 'input'));
  const output = readOutput(problems, written.output, below(origin, 'output'));
  const all = { ...common, ...defined({ input, output }) };
  switch (written.type) {
    case 'script':
    case 'shell': {
      const code = codeOf(problems, written, origin);
      if (code === null) return null;
      const { args, interpreter, dependencies, runner, workdir, resources, manifest } = written;
      const language = languageOf(written.language);
      if (manifest !== undefined && runner !== 'pod')
        return wrongKey(problems, below(origin, 'manifest'), '“manifest” needs `runner: pod`.');
      if (dependencies !== undefined && dependencies.length > 0 && (language ?? 'shell') === 'shell')
        return wrongKey(problems, below(origin, 'dependencies'), '“dependencies” need a `language` other than shell.');
      return {
        ...all,
        type: 'script',
        code,
        ...defined({ args, language, interpreter, dependencies, runner, workdir, resources, manifest }),
      };
    }
    case 'docker': {
      const { image, cmd, entrypoint, command, workdir, resources } = written;
      return { ...all, type: 'docker', image, ...defined({ cmd, entrypoint, command, workdir, resources }) };
    }
    case 'pod': {
      const { image, cmd, entrypoint, command, workdir, resources, manifest } = written;
      return { ...all, type: 'pod', image, ...defined({ cmd, entrypoint, command, workdir, resources, manifest }) };
    }
    case 'task':
      return { ...all, type: 'task', task: written.task };
    case 'approval':
      return { ...all, type: 'approval', ...defined({ message: written.message }) };
    case 'noop':
      return { ...all, type: 'noop' };
  }
}

function codeOf(problems: Problems, written: z.output<typeof grammar.ACTIONS.script>, origin: Origin) {
  const given = CODE_KEYS.filter((key) => written[key] !== undefined);
  const [key, second] = given;
  if (second !== undefined) {
    problems.atKey(below(origin, second), `A script has one of “script”, “cmd” and “source”; here are ${given.join(' and ')}.`);
    return null;
  }
  const text = key === undefined ? undefined : written[key];
  if (key === undefined || text === undefined)
    return wrong(problems, origin, 'This script has no text.', 'Write `script: …`, or `source:` with a file of the workspace.');
  if (key !== 'source') return { script: text };
  if (!text.startsWith('/') && !text.split('/').includes('..')) return { source: text };
  problems.at(
    below(origin, key),
    `${quoted(text)} is not in the workspace.`,
    'Write a path from the workspace’s folder, such as scripts/deploy.sh.',
  );
  return null;
}

function languageOf(written: string | undefined): 'shell' | 'python' | 'javascript' | 'typescript' | 'go' | undefined {
  if (written === 'js') return 'javascript';
  if (written === 'ts') return 'typescript';
  if (written === 'python' || written === 'javascript' || written === 'typescript' || written === 'go') return written;
  return written === undefined ? undefined : 'shell';
}

const primitiveOf = (type: string): string => (type === 'bool' ? 'boolean' : type);

export function readFields(problems: Problems, written: Written, origin: Origin): Record<string, FieldForm> {
  const fields: Record<string, FieldForm> = {};
  for (const [name, value] of Object.entries(written)) {
    const field = problems.read(grammar.inputField, value, below(origin, name), { enum: 'Write `options`.', label: 'Write `name`.' });
    fields[name] = field === null ? STAND_IN.field : { ...defined(field), type: primitiveOf(field.type) };
  }
  return fields;
}

function readOutput(problems: Problems, written: Written | undefined, origin: Origin) {
  if (written === undefined) return undefined;
  const [fields, at] = fieldsOf(written, origin);
  const output: Record<string, z.output<typeof grammar.outputField>> = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = problems.read(grammar.outputField, value, below(at, name));
    if (field !== null) output[name] = { ...field, type: primitiveOf(field.type) };
  }
  return Object.fromEntries(Object.entries(output).map(([name, field]) => [name, { ...defined(field), type: field.type }]));
}

/** A schema's fields stand in the map itself or below `properties`, which is no field then: it has no type. */
export function fieldsOf(written: Written, origin: Origin): [fields: Written, at: Origin] {
  const { properties } = written;
  const only = Object.keys(written).length === 1;
  if (!only || typeof properties !== 'object' || properties === null || 'type' in properties) return [written, origin];
  return [Object.fromEntries(Object.entries(properties)), below(origin, 'properties')];
}

/** A step of a flow. @param inline called with the action that is written in it. @returns null where something is wrong */
export function readStep(problems: Problems, written: Written, origin: Origin, inline: (action: ActionForm) => string): StepForm | null {
  if (written['action'] !== undefined) {
    if (written['type'] !== undefined)
      return wrongKey(problems, below(origin, 'type'), 'A step names its action or holds one; here are both.');
    const hints = { with: 'Write `input`.', needs: 'Write `depends_on`.', env: '`env` belongs to the action.', if: 'Write `when`.' };
    const read = problems.read(grammar.step, written, origin, hints);
    if (read === null) return null;
    const { timeout, action, ...rest } = read;
    return { action, ...defined({ ...rest, timeout_s: timeout }) };
  }
  if (written['type'] === undefined)
    return wrong(
      problems,
      origin,
      'This step has nothing to run.',
      'Name an action by `action:`, or write one here, beginning with `type:`.',
    );
  const around = Object.keys(grammar.ofSteps);
  const entries = Object.entries(written);
  const outside = problems.read(grammar.aroundInline, Object.fromEntries(entries.filter(([key]) => around.includes(key))), origin);
  const action = readAction(problems, Object.fromEntries(entries.filter(([key]) => !around.includes(key))), origin, true);
  const values = problems.read(grammar.step.shape.input, written['input'] ?? undefined, below(origin, 'input'));
  if (outside === null || action === null || values === null) return null;
  const { name, description, timeout_s, retry } = action;
  return { action: inline(action), ...defined({ ...outside, input: values, name, description, timeout_s, retry }) };
}

/** A trigger. @returns null where something is wrong */
export function readTrigger(problems: Problems, written: Written, origin: Origin): TriggerForm | null {
  const type = written['type'];
  const at = below(origin, 'type');
  if (type === 'event_source') return refused(problems, at, OUT_OF_SCOPE.event_source);
  if (type === 'scheduler') {
    const read = problems.read(grammar.TRIGGERS.scheduler, written, origin, { schedule: 'Write `cron`.' });
    if (read === null) return null;
    const { type: kind, task, cron, catch_up_window, jitter, ...rest } = read;
    return { type: kind, task, cron, ...defined({ ...rest, catch_up_window_s: catch_up_window, jitter_s: jitter }) };
  }
  if (type === 'webhook') {
    const read = problems.read(grammar.TRIGGERS.webhook, written, origin, { timeout: 'Write `timeout_secs`, in seconds.' });
    if (read === null) return null;
    if (read.keep === true && read.mode === 'sync')
      return refused(problems, below(origin, 'keep'), [
        'A sender that waits for the result is not answered later: `keep` and `mode: sync` exclude each other.',
        'Leave one of them out.',
      ]);
    const { type: kind, task, name, ...rest } = read;
    return { type: kind, task, name, ...defined(rest) };
  }
  if (type === undefined) return wrong(problems, origin, '“type” is missing.', 'Write type: scheduler or webhook.');
  problems.at(at, `${quoted(String(type))} is no type of a trigger.`, meant(String(type), Object.keys(grammar.TRIGGERS)));
  return null;
}

function refused(problems: Problems, origin: Origin, [message, next]: readonly [string, string]): null {
  problems.at(origin, message, next);
  return null;
}

function wrong(problems: Problems, origin: Origin, message: string, next?: string): null {
  problems.atKey(origin, message, next);
  return null;
}

const wrongKey = wrong;

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys whose value is undefined, which is not the same as an absent key to the types of this project. */
export function defined<T extends object>(value: T): Defined<T>;
export function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, inside]) => inside !== undefined));
}
