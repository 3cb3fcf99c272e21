import { HOOKS, templateName } from '../../../shared/flow/definition.ts';
import type { Json } from '../../../shared/flow/job.ts';
import { TemplateError } from '../../../shared/flow/template/error.ts';
import type { Template } from '../../../shared/flow/template.ts';
import { parseCondition, parseList, parseTemplate } from '../../../shared/flow/template.ts';
import type { Draft } from './draft.ts';
import type { ActionForm, TaskForm } from './normalize.ts';
import { holesOf, variantsOf } from './places/script-holes.ts';
import { TWO_WAYS } from './prepare-script.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { below, meant } from './read-at.ts';
import { NAME_OF_VARIABLE, variableRefused } from './script-environment.ts';

/** What a template may name where it stands; a set lists the members that are known, null takes any. */
type Scope = ReadonlyMap<string, ReadonlySet<string> | null>;

const SEALED = new Set(['secret', 'secrets', 'connection']);

/** What a webhook gives its task, beside the inputs of the trigger. */
const OF_WEBHOOKS = ['body', 'headers', 'method', 'query'];

/** Every template of a workspace can be read, and asks for names that there can be. */
export function checkTemplates(draft: Draft): void {
  const secrets = Object.keys(draft.secrets);
  // A secret that no file names may be stored on the host.
  const common: [string, ReadonlySet<string> | null][] = [
    ['secret', null],
    ['secrets', null],
    ['state', null],
    ['connection', draft.around.isLibrary === true ? null : new Set(Object.keys(draft.connections))],
  ];
  for (const name of secrets)
    inText(
      draft,
      draft.secrets[name] ?? '',
      draft.origin('secret', name),
      new Map([
        ['env', null],
        ['secret', null],
      ]),
    );
  for (const [name, values] of Object.entries(draft.connections)) inValue(draft, values, draft.origin('connection', name), new Map(common));
  for (const [name, task] of Object.entries(draft.tasks)) {
    const origin = draft.origin('task', name);
    inDefaults(draft, task.input, below(origin, 'input'));
    inTask(draft, name, task, origin, common);
  }
  for (const [name, action] of Object.entries(draft.actions)) {
    if (draft.inline.has(name)) continue;
    inDefaults(draft, action.input, below(draft.origin('action', name), 'input'));
    inAction(draft, action, draft.origin('action', name), scopeOfAction(draft, name, action, common));
  }
  for (const [name, trigger] of Object.entries(draft.triggers)) {
    const origin = draft.origin('trigger', name);
    const scope: Scope = new Map([...common, ...(trigger.type === 'webhook' ? [['input', new Set(OF_WEBHOOKS)] as const] : [])]);
    inValue(draft, trigger.input ?? {}, below(origin, 'input'), scope);
    if (trigger.type === 'webhook' && trigger.secret !== undefined) inText(draft, trigger.secret, below(origin, 'secret'), new Map(common));
  }
  const ofHooks: Scope = new Map([...common, ['hook', null]]);
  for (const { hook, origin } of [...draft.hooks.on_success, ...draft.hooks.on_error])
    inValue(draft, hook.input ?? {}, below(origin, 'input'), ofHooks);
}

function inTask(draft: Draft, name: string, task: TaskForm, origin: Origin, common: [string, ReadonlySet<string> | null][]): void {
  const inputs = inputsOfTask(draft, name, task);
  const before = stepsBefore(task);
  for (const [stepName, step] of Object.entries(task.flow)) {
    const at = below(origin, 'flow', stepName);
    const outputs = [...(before.get(stepName) ?? [])].map((other): [string, null] => [templateName(other), null]);
    const scope: Scope = new Map([...common, ...outputs, ['input', inputs]]);
    const inEach: Scope = step.for_each === undefined ? scope : new Map([...scope, ['each', new Set(['item', 'index', 'total'])]]);
    // What a condition or a loop came to is written down with the job: no secret may be in it.
    const open: Scope = new Map([...scope].filter(([root]) => !SEALED.has(root)));
    if (step.when !== undefined) inText(draft, step.when, below(at, 'when'), open, parseCondition, task);
    if (typeof step.for_each === 'string') inText(draft, step.for_each, below(at, 'for_each'), open, parseList, task);
    else if (step.for_each !== undefined) inValue(draft, step.for_each, below(at, 'for_each'), open, task);
    inValue(draft, step.input ?? {}, below(at, 'input'), inEach, task);
    const inline = step.action === `${name}.${stepName}` && draft.inline.has(step.action) ? draft.actions[step.action] : undefined;
    // An action that stands in its step sees the task’s inputs, and what the step gives it.
    const own = inputs === null ? null : new Set([...inputs, ...Object.keys(step.input ?? {})]);
    if (inline !== undefined) inAction(draft, inline, at, new Map([...inEach, ['input', own]]), task);
  }
  const ofHooks: Scope = new Map([...common, ['hook', null], ['input', inputs]]);
  for (const kind of HOOKS)
    for (const [index, hook] of (task[kind] ?? []).entries())
      inValue(draft, hook.input ?? {}, below(origin, kind, index, 'input'), ofHooks);
}

/** What declares no inputs takes any; a task that a webhook starts has the request, too. */
function inputsOfTask(draft: Draft, name: string, task: TaskForm): ReadonlySet<string> | null {
  const declared = Object.keys(task.input ?? {});
  const hooked = Object.values(draft.triggers).some((trigger) => trigger.type === 'webhook' && trigger.task === name);
  if (hooked) return new Set([...declared, ...OF_WEBHOOKS]);
  return declared.length === 0 ? new Set() : new Set(declared);
}

/** The steps that have ended when a step begins. */
function stepsBefore(task: TaskForm): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of Object.keys(task.flow)) {
    const before = new Set<string>();
    const left = [...(task.flow[name]?.depends_on ?? [])];
    for (let other = left.pop(); other !== undefined; other = left.pop()) {
      if (before.has(other) || !Object.hasOwn(task.flow, other)) continue;
      before.add(other);
      left.push(...(task.flow[other]?.depends_on ?? []));
    }
    found.set(name, before);
  }
  return found;
}

/** A named action is used by steps of many tasks: what any of them could give it may be named. */
function scopeOfAction(draft: Draft, name: string, action: ActionForm, common: [string, ReadonlySet<string> | null][]): Scope {
  const users = Object.values(draft.tasks).flatMap(({ flow }) =>
    Object.values(flow)
      .filter((step) => step.action === name)
      .map((step) => ({ step, flow })),
  );
  const outputs = users.flatMap(({ flow }) => Object.keys(flow).map((other): [string, null] => [templateName(other), null]));
  const declared = Object.keys(action.input ?? {});
  const each: [string, null][] = users.some(({ step }) => step.for_each !== undefined) ? [['each', null]] : [];
  return new Map([...outputs, ...common, ...each, ['input', declared.length === 0 ? null : new Set(declared)]]);
}

function inAction(draft: Draft, action: ActionForm, origin: Origin, scope: Scope, task?: TaskForm): void {
  for (const [name, text] of Object.entries(action.env ?? {})) {
    const at = below(origin, 'env', name);
    if (!NAME_OF_VARIABLE.test(name)) draft.problems.atKey(at, `${quoted(name)} can’t be the name of a variable.`);
    const template = inText(draft, text, at, scope, parseTemplate, task);
    const reason = template?.parts.some(({ kind }) => kind !== 'text') === true ? variableRefused(name) : null;
    if (reason !== null) draft.problems.at(at, `A value can’t be put into this variable: ${reason}.`, 'Give it another name.');
  }
  switch (action.type) {
    case 'script': {
      inValue(draft, action.args ?? [], below(origin, 'args'), scope, task);
      if ('script' in action.code) inScript(draft, action, action.code.script, below(origin, keyOfScript(origin)), scope, task);
      return;
    }
    case 'docker':
    case 'pod':
      if (action.cmd !== undefined) inScript(draft, { language: 'shell' }, action.cmd, below(origin, 'cmd'), scope, task);
      inValue(draft, action.image, below(origin, 'image'), scope, task);
      inValue(draft, action.command ?? [], below(origin, 'command'), scope, task);
      inValue(draft, action.entrypoint ?? [], below(origin, 'entrypoint'), scope, task);
      return;
    case 'approval':
      if (action.message !== undefined) inText(draft, action.message, below(origin, 'message'), scope, parseTemplate, task);
      return;
    case 'task':
    case 'noop':
  }
}

/** `cmd` is another word for `script`. */
function keyOfScript({ source, path }: Origin): string {
  let value: Json = source.value;
  for (const part of path)
    value = typeof value === 'object' && value !== null ? (Object.entries(value).find(([key]) => key === String(part))?.[1] ?? null) : null;
  return typeof value === 'object' && value !== null && 'cmd' in value ? 'cmd' : 'script';
}

function inScript(
  draft: Draft,
  action: { language?: Parameters<typeof holesOf>[1] | undefined; interpreter?: string | undefined },
  text: string,
  origin: Origin,
  scope: Scope,
  task: TaskForm | undefined,
): void {
  const template = inText(draft, text, origin, scope, parseTemplate, task);
  if (template === null || !template.parts.some(({ kind }) => kind !== 'text')) return;
  const refused = new Map<number, string>();
  for (const variant of variantsOf(template.parts)) {
    for (const [index, hole] of holesOf(variant.text, action.language ?? 'shell', action.interpreter).entries()) {
      const at = variant.at[index];
      if (hole.refused !== null && at !== undefined && !refused.has(at)) refused.set(at, hole.refused);
    }
  }
  for (const [at, reason] of refused) draft.problems.within(origin, at, `A value can’t be put here: ${reason}.`, TWO_WAYS);
}

/** Templates in a value, at any depth. */
function inValue(draft: Draft, value: Json, origin: Origin, scope: Scope, task?: TaskForm): void {
  if (typeof value === 'string') inText(draft, value, origin, scope, parseTemplate, task);
  else if (Array.isArray(value)) for (const [at, item] of value.entries()) inValue(draft, item, below(origin, at), scope, task);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) inValue(draft, item, below(origin, key), scope, task);
}

/** Defaults are rendered before there is a job. */
function inDefaults(draft: Draft, fields: TaskForm['input'], origin: Origin): void {
  const scope: Scope = new Map([
    ['secret', null],
    ['secrets', null],
  ]);
  for (const [name, field] of Object.entries(fields ?? {}))
    if (field.default !== undefined) inValue(draft, field.default, below(origin, name, 'default'), scope);
}

function inText(
  draft: Draft,
  text: string,
  origin: Origin,
  scope: Scope,
  parse: (text: string) => Template = parseTemplate,
  task?: TaskForm,
): Template | null {
  let template: Template;
  try {
    template = parse(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    draft.problems.within(origin, error.offset, error.message);
    return null;
  }
  for (const { path, at, guarded } of template.references) {
    const [root, member] = path;
    if (typeof root !== 'string') continue;
    const members = scope.get(root);
    if (members === undefined) unknownRoot(draft, root, guarded, origin, at, scope, task);
    else if (members !== null && typeof member === 'string' && !members.has(member) && !guarded) {
      const what = root === 'input' ? 'There is no input' : `“${root}” has no`;
      draft.problems.within(
        origin,
        at,
        `${what} ${quoted(member)} here.`,
        members.size === 0 ? 'Declare it under `input:`.' : meant(member, members),
      );
    }
  }
  return template;
}

function unknownRoot(
  draft: Draft,
  root: string,
  guarded: boolean,
  origin: Origin,
  at: number,
  scope: Scope,
  task: TaskForm | undefined,
): void {
  const step = Object.keys(task?.flow ?? {}).find((name) => templateName(name) === root);
  if (step !== undefined) {
    draft.problems.within(origin, at, `The step ${quoted(step)} may not have ended here.`, `Add it to \`depends_on\` of this step.`);
    return;
  }
  if (SEALED.has(root)) {
    draft.problems.within(
      origin,
      at,
      `“${root}” can’t be named here.`,
      'Conditions and loops are written down with the job; name it in `input` or `env`.',
    );
    return;
  }
  if (root === 'each') draft.problems.within(origin, at, '“each” is known in a step with `for_each` alone.');
  else if (root === 'hook') draft.problems.within(origin, at, '“hook” is known in the input of hooks alone.');
  else if (root === 'env')
    draft.problems.within(origin, at, '“env” is known under `secrets:` alone.', 'Name it there, and write {{ secret.NAME }} here.');
  else if (!guarded) draft.problems.within(origin, at, `${quoted(root)} is not known here.`, meant(root, scope.keys()));
}
