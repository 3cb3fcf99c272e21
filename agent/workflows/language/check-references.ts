import { HOOKS, templateName } from '../../../shared/flow/definition.ts';
import { checkConnections } from './check-connections.ts';
import { checkFields } from './check-fields.ts';
import { checkRunner } from './check-runners.ts';
import { cronProblem } from './cron.ts';
import { cycleIn, depths, shownCycle } from './cycles.ts';
import type { Draft } from './draft.ts';
import { expectExternal } from './external-names.ts';
import type { TaskForm } from './normalize.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { below, meant } from './read-at.ts';

/** Jobs of jobs: the task that is started first counts. */
const MAX_DEPTH = 10;
const MAX_ITEMS = 10_000;

/** The names that templates give a meaning of their own. */
const RESERVED = [
  'input',
  'secret',
  'secrets',
  'connection',
  'state',
  'each',
  'hook',
  'env',
  'loop',
  'true',
  'false',
  'null',
  'none',
  'not',
  'and',
  'or',
  'in',
  'is',
];

/** Every name that a definition uses is one that there is, and nothing waits for itself. */
export function checkReferences(draft: Draft): void {
  for (const [name, action] of Object.entries(draft.actions)) {
    const origin = draft.origin('action', name);
    if (action.type === 'task') expectTask(draft, action.task, below(origin, 'task'));
    if (action.input !== undefined) checkFields(draft, action.input, below(origin, 'input'));
    checkRunner(draft, action, origin);
  }
  for (const [name, task] of Object.entries(draft.tasks)) {
    const origin = draft.origin('task', name);
    if (task.input !== undefined) checkFields(draft, task.input, below(origin, 'input'));
    checkFlow(draft, name, task, origin);
    for (const kind of HOOKS)
      for (const [at, { action, input = {} }] of (task[kind] ?? []).entries())
        expectAction(draft, action, Object.keys(input), below(origin, kind, at));
  }
  for (const { hook, origin } of [...draft.hooks.on_success, ...draft.hooks.on_error])
    expectAction(draft, hook.action, Object.keys(hook.input ?? {}), origin);
  checkTaskChains(draft);
  checkTriggers(draft);
  checkConnections(draft);
}

/** @param origin of the step or hook that names the action, and gives it these inputs */
function expectAction(draft: Draft, name: string, inputs: readonly string[], origin: Origin): void {
  const action = Object.hasOwn(draft.actions, name) ? draft.actions[name] : undefined;
  const at = below(origin, 'action');
  if (name.includes('.')) {
    // An action that is written in a step is called so, by the step alone.
    if (action !== undefined)
      draft.problems.at(at, `${quoted(name)} is the action that is written in a step.`, 'Give it a name of its own under `actions:`.');
    else {
      const external = expectExternal(draft, 'actions', name, at) ? draft.imported.actions[name] : undefined;
      if (external !== undefined) expectInputs(draft, external.input, inputs, below(origin, 'input'), `the action ${quoted(name)}`);
    }
  } else if (action === undefined)
    draft.problems.at(
      at,
      `There is no action ${quoted(name)}.`,
      meant(
        name,
        Object.keys(draft.actions).filter((known) => !draft.inline.has(known)),
      ),
    );
  else expectInputs(draft, action.input, inputs, below(origin, 'input'), `the action ${quoted(name)}`);
}

function expectTask(draft: Draft, name: string, at: Origin): void {
  if (Object.hasOwn(draft.tasks, name)) return;
  if (name.includes('.')) expectExternal(draft, 'tasks', name, at);
  else draft.problems.at(at, `There is no task ${quoted(name)}.`, meant(name, Object.keys(draft.tasks)));
}

/** What declares no inputs at all takes any. */
function expectInputs(draft: Draft, declared: object | undefined, given: readonly string[], origin: Origin, whose: string): void {
  const known = Object.keys(declared ?? {});
  if (known.length === 0) return;
  for (const name of given)
    if (!known.includes(name)) draft.problems.atKey(below(origin, name), `${quoted(name)} is no input of ${whose}.`, meant(name, known));
}

function checkFlow(draft: Draft, taskName: string, task: TaskForm, origin: Origin): void {
  const steps = Object.keys(task.flow);
  const called = new Map<string, string>();
  for (const [name, step] of Object.entries(task.flow)) {
    const at = below(origin, 'flow', name);
    const template = templateName(name);
    const other = called.get(template);
    if (other !== undefined)
      draft.problems.atKey(
        at,
        `The steps ${quoted(other)} and ${quoted(name)} have the same name in templates, ${template}.`,
        'Rename one of them.',
      );
    else if (RESERVED.includes(template))
      draft.problems.atKey(at, `A step can’t be called ${quoted(name)}: in templates the word means something else.`, 'Rename it.');
    called.set(template, name);
    const isInline = step.action === `${taskName}.${name}` && draft.inline.has(step.action);
    if (!isInline) expectAction(draft, step.action, Object.keys(step.input ?? {}), at);
    for (const [index, before] of (step.depends_on ?? []).entries()) {
      const there = below(at, 'depends_on', index);
      if (before === name) draft.problems.at(there, `The step ${quoted(name)} depends on itself.`);
      else if (!steps.includes(before)) draft.problems.at(there, `There is no step ${quoted(before)} in this task.`, meant(before, steps));
    }
    if (Array.isArray(step.for_each) && step.for_each.length > MAX_ITEMS)
      draft.problems.at(
        below(at, 'for_each'),
        `The list has ${step.for_each.length} items; at most ${MAX_ITEMS} are allowed.`,
        'Give each step a part of it.',
      );
    if (step.sequential === true && step.for_each === undefined)
      draft.problems.atKey(below(at, 'sequential'), '“sequential” needs `for_each`.');
  }
  const edges = new Map(
    Object.entries(task.flow).map(([name, { depends_on = [] }]) => [name, depends_on.filter((before) => before !== name)]),
  );
  const cycle = cycleIn(edges);
  const [first, second] = cycle ?? [];
  if (cycle === null || first === undefined) return;
  const where = below(origin, 'flow', first, 'depends_on', Math.max(0, edges.get(first)?.indexOf(second ?? first) ?? 0));
  draft.problems.at(where, `These steps wait for each other: ${shownCycle(cycle)}.`, 'Take one of these out of `depends_on`.');
}

/** A task that starts itself in the end, and chains of jobs that are too long. A step with a condition or a loop may be where it ends. */
function checkTaskChains(draft: Draft): void {
  const always = new Map<string, string[]>();
  for (const [name, { flow }] of [...Object.entries(draft.imported.tasks), ...Object.entries(draft.tasks)]) {
    const starts = Object.values(flow).flatMap((step) => {
      const action = draft.actions[step.action] ?? draft.imported.actions[step.action];
      return action?.type === 'task' && step.when === undefined && step.for_each === undefined ? [action.task] : [];
    });
    always.set(name, starts);
  }
  const cycle = cycleIn(always);
  if (cycle !== null) {
    const origin = draft.origin('task', cycle.find((name) => Object.hasOwn(draft.tasks, name)) ?? '');
    draft.problems.atKey(origin, `This task starts itself without an end: ${shownCycle(cycle)}.`, 'Give a step on the way a `when`.');
    return;
  }
  for (const [name, depth] of depths(always))
    if (depth > MAX_DEPTH && Object.hasOwn(draft.tasks, name))
      draft.problems.atKey(draft.origin('task', name), `This task starts jobs ${depth} deep; ${MAX_DEPTH} is the most.`);
}

function checkTriggers(draft: Draft): void {
  const addresses = new Map<string, Origin>();
  for (const [name, trigger] of Object.entries(draft.triggers)) {
    const origin = draft.origin('trigger', name);
    expectTask(draft, trigger.task, below(origin, 'task'));
    const task = draft.tasks[trigger.task] ?? draft.imported.tasks[trigger.task];
    if (task !== undefined)
      expectInputs(draft, task.input, Object.keys(trigger.input ?? {}), below(origin, 'input'), `the task ${quoted(trigger.task)}`);
    if (trigger.type === 'scheduler') {
      const wrong = cronProblem(trigger.cron, trigger.timezone ?? 'UTC');
      if (wrong !== null) draft.problems.at(below(origin, wrong.field), wrong.message, wrong.next);
      continue;
    }
    const at = below(origin, 'name');
    const other = addresses.get(trigger.name);
    if (other !== undefined) {
      const { file, line, column } = other.source.place(other.path);
      draft.problems.at(
        at,
        `Another webhook is called ${quoted(trigger.name)}, in ${file}:${line}:${column}.`,
        'The name is the end of its address: choose another one.',
      );
    }
    addresses.set(trigger.name, at);
    if (trigger.signature !== undefined && trigger.signature !== 'none' && trigger.secret === undefined)
      draft.problems.atKey(below(origin, 'signature'), 'A signature is verified with a secret.', "Add secret: '{{ secret.NAME }}'.");
  }
}
