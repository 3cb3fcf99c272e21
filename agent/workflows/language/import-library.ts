import type { Action, Definitions, Hook, InputField, Task } from '../../../shared/flow/definition.ts';

/** What of a library others may name, by their names for it: `library.item`. */
export type Imported = Pick<Definitions, 'actions' | 'tasks' | 'connection_types'>;

/** Where the items of a library come from, as a revision is pinned to it. */
type LibrarySource = Definitions['libraries'][string];

export interface Library {
  definitions: Definitions;
  source: LibrarySource;
}

/**
 * The actions, tasks and connection types of a library, under its name, with what they name among themselves. What it has of other libraries
 * keeps its name. Its secrets, connections, triggers and the hooks of the whole file are not for others.
 */
function imported(library: string, { actions, tasks, connection_types }: Definitions): Imported {
  const under = (name: string): string => `${library}.${name}`;
  const actionName = (name: string): string => (actions[name] !== undefined && actions[name].library === undefined ? under(name) : name);
  const taskName = (name: string): string => (tasks[name] !== undefined && tasks[name].library === undefined ? under(name) : name);
  const typeName = (name: string): string => (Object.hasOwn(connection_types, name) && libraryOf(name) === null ? under(name) : name);
  const fields = (all: Record<string, InputField>): Record<string, InputField> =>
    mapped(all, (one) => ({ ...one, type: typeName(one.type) }));
  const action = (one: Action): Action => {
    const from = { ...one, input: fields(one.input), library };
    return from.type === 'task' ? { ...from, task: taskName(from.task) } : from;
  };
  const hook = (one: Hook): Hook => ({ ...one, action: actionName(one.action) });
  const task = (one: Task): Task => ({
    ...one,
    input: fields(one.input),
    library,
    flow: mapped(one.flow, (step) => ({ ...step, action: actionName(step.action) })),
    on_success: one.on_success.map(hook),
    on_error: one.on_error.map(hook),
    on_cancel: one.on_cancel.map(hook),
    on_suspended: one.on_suspended.map(hook),
  });
  const named = <T>(all: Record<string, T>, name: (of: string) => string, change: (one: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(all).map(([of, one]) => (name(of) === of ? [of, one] : [name(of), change(one)])));
  return {
    actions: named(actions, actionName, action),
    tasks: named(tasks, taskName, task),
    connection_types: named(connection_types, typeName, fields),
  };
}

/** The actions of another workspace, which run there: in its folder, with its secrets and connections. Its tasks are its own. */
function actionsOfWorkspace(workspace: string, { actions }: Definitions): Record<string, Action> {
  return Object.fromEntries(
    Object.entries(actions).flatMap(([name, action]) =>
      action.type === 'task' || action.library !== undefined || libraryOf(name) !== null
        ? []
        : [[`${workspace}.${name}`, { ...action, library: workspace }]],
    ),
  );
}

/** The items of all libraries that are named, and of those that these name. */
export function itemsOf(libraries: ReadonlyMap<string, Library>): Imported {
  const all: Imported = { actions: {}, tasks: {}, connection_types: {} };
  for (const [name, { definitions, source }] of libraries) {
    if (source.owner !== undefined) {
      Object.assign(all.actions, actionsOfWorkspace(name, definitions));
      continue;
    }
    const { actions, tasks, connection_types } = imported(name, definitions);
    Object.assign(all.actions, actions);
    Object.assign(all.tasks, tasks);
    Object.assign(all.connection_types, connection_types);
  }
  return all;
}

/** The library that a name is of; null for one of the workspace itself. */
export const libraryOf = (name: string): string | null => (name.includes('.') ? name.slice(0, name.indexOf('.')) : null);

const mapped = <T>(all: Record<string, T>, change: (one: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, change(one)]));
