import type { Definitions, Hook, Task } from '../../shared/flow/definition.ts';
import { task as taskSchema } from '../../shared/flow/definition.ts';
import type { Plan } from '../../shared/flow/job.ts';
import { getOrInsert } from '../../shared/get-or-insert.ts';
import type { Revision } from './revisions.ts';

/** By revision and task: the reducer remembers what it found out of a plan. */
const plans = new WeakMap<Revision, Map<string, Plan>>();

/** What a job of this task is pinned to. @param own its task, where it stands in no file (a hook's). @throws when there is none of that name. */
export function planOf(of: Revision, task_name: string, own: Task | null = null): Plan {
  if (own !== null) return made(of, task_name, own);
  const known = getOrInsert(plans, of, () => new Map<string, Plan>());
  return getOrInsert(known, task_name, () => made(of, task_name, null));
}

function made({ workspace, revision, definitions }: Revision, task_name: string, own: Task | null): Plan {
  const task = own ?? definitions.tasks[task_name];
  if (task === undefined) throw new Error(`no task ${task_name} in ${workspace} ${revision}`);
  const { on_success, on_error } = definitions;
  return { workspace, revision, task_name, task, actions: actionsOf(task, definitions), workspace_hooks: { on_success, on_error } };
}

function actionsOf(task: Task, { actions, on_success, on_error }: Definitions): Plan['actions'] {
  const hooks = [...task.on_success, ...task.on_error, ...task.on_cancel, ...task.on_suspended, ...on_success, ...on_error];
  const names = new Set([...Object.values(task.flow), ...hooks].map(({ action }) => action));
  return Object.fromEntries(Object.entries(actions).filter(([name]) => names.has(name)));
}

/**
 * The task of a hook's job: one step, which gets the values that the hook's input rendered to. They come as the job's input and are
 * named here, so that a value never becomes a template.
 */
export function taskOfHook(hook: Hook, values: Record<string, unknown>): Task {
  const input = Object.fromEntries(Object.keys(values).map((name) => [name, `{{ input[${JSON.stringify(name)}] }}`]));
  return taskSchema.parse({ flow: { hook: { action: hook.action, input } } });
}
