import type * as z from 'zod';
import type { Definitions } from '../../../shared/flow/definition.ts';
import { definitions } from '../../../shared/flow/definition.ts';
import { checkReferences } from './check-references.ts';
import { checkTemplates } from './check-templates.ts';
import type { ExternalName } from './draft.ts';
import { type Around, Draft } from './draft.ts';
import { librariesNamed } from './external-names.ts';
import * as grammar from './grammar.ts';
import { itemsOf } from './import-library.ts';
import type { ActionForm, HookForm, TaskForm } from './normalize.ts';
import { defined, fieldsOf, readAction, readFields, readStep, readTrigger, STAND_IN } from './normalize.ts';
import type { Problem } from './problem.ts';
import { inOrder } from './problem.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { below } from './read-at.ts';
import type { YamlSource } from './yaml-source.ts';
import { readYaml } from './yaml-source.ts';

export interface WorkflowFile {
  /** As it is shown: from the workspace's folder. */
  path: string;
  text: string;
}

export interface LoadedWorkspace {
  /** Null when there is a problem: a workspace is loaded whole or not at all. */
  definitions: Definitions | null;
  problems: Problem[];
  external: ExternalName[];
}

/**
 * Reads the workflow files of a workspace, and merges and checks them. Any fault is a problem with its place; all are told at once.
 * @param files in the order in which problems are told. @param around of a host, its libraries
 */
export function loadWorkspace(files: readonly WorkflowFile[], around: Around = { libraries: null }): LoadedWorkspace {
  const draft = new Draft(around);
  const libraries = around.libraries ?? new Map();
  const unread: Problem[] = [];
  for (const { path, text } of files) {
    const { source, problems } = readYaml(path, text);
    unread.push(...problems);
    if (source !== null && source.value !== null) readFile(draft, source);
  }
  // What a file that can't be read defines is not known: no word about names that would be missing.
  draft.imported = itemsOf(libraries);
  if (unread.length === 0) {
    checkReferences(draft);
    checkTemplates(draft);
  }
  const problems = inOrder(
    [...unread, ...draft.problems.found],
    files.map(({ path }) => path),
  );
  const { secrets, connections, actions, tasks, triggers, hooks } = draft;
  if (problems.length > 0) return { definitions: null, problems, external: draft.external };
  const used = librariesNamed(
    draft.external.map(({ name }) => name),
    libraries,
  );
  const { actions: theirActions, tasks: theirTasks, connection_types } = itemsOf(used);
  const merged = definitions.parse({
    ...{ secrets, connections, triggers },
    actions: { ...theirActions, ...actions },
    tasks: { ...theirTasks, ...tasks },
    connection_types: { ...connection_types, ...draft.connectionTypes },
    libraries: Object.fromEntries(
      [...used].flatMap(([name, { definitions: of, source }]) => [
        ...(source.owner === undefined ? Object.entries(of.libraries) : []),
        [name, source] as const,
      ]),
    ),
    on_success: hooks.on_success.map(({ hook }) => hook),
    on_error: hooks.on_error.map(({ hook }) => hook),
  });
  return { definitions: merged, problems, external: draft.external };
}

const NOT_HERE = {
  mcp_servers: 'LLMs as steps are not part of Toru.',
  libraries: 'Libraries are added to the host: toru workspace add NAME FOLDER --library.',
  on_cancel: '`on_cancel` belongs to a task.',
  on_suspended: '`on_suspended` belongs to a task.',
};

function readFile(draft: Draft, source: YamlSource): void {
  const { problems } = draft;
  const root: Origin = { source, path: [] };
  const read = problems.read(grammar.file, source.value, root, NOT_HERE);
  if (read === null) return;
  for (const [name, value] of Object.entries(read.secrets ?? {})) {
    if (draft.define('secret', name, below(root, 'secrets', name))) draft.secrets[name] = value;
  }
  for (const [name, value] of Object.entries(read.connection_types ?? {})) {
    const origin = below(root, 'connection_types', name);
    const [fields, at] = fieldsOf(value, origin);
    if (named(draft, 'connection type', name, origin)) draft.connectionTypes[name] = readFields(problems, fields, at);
  }
  for (const [name, value] of Object.entries(read.connections ?? {})) {
    if (named(draft, 'connection', name, below(root, 'connections', name))) draft.connections[name] = value;
  }
  for (const [name, value] of Object.entries(read.actions ?? {})) {
    const origin = below(root, 'actions', name);
    const action = readAction(problems, value, origin, false);
    if (named(draft, 'action', name, origin)) draft.actions[name] = action ?? STAND_IN.action;
  }
  for (const [name, value] of Object.entries(read.tasks ?? {})) {
    const origin = below(root, 'tasks', name);
    const isNew = named(draft, 'task', name, origin);
    const task = readTask(draft, name, value, origin);
    if (isNew) draft.tasks[name] = task ?? STAND_IN.task;
  }
  for (const [name, value] of Object.entries(read.triggers ?? {})) {
    const origin = below(root, 'triggers', name);
    const trigger = readTrigger(problems, value, origin);
    if (named(draft, 'trigger', name, origin) && trigger !== null) draft.triggers[name] = trigger;
  }
  for (const kind of ['on_success', 'on_error'] as const) {
    for (const [at, hook] of (read[kind] ?? []).entries())
      draft.hooks[kind].push({ hook: { action: hook.action, ...defined({ input: hook.input }) }, origin: below(root, kind, at) });
  }
}

function named(draft: Draft, kind: string, name: string, origin: Origin): boolean {
  if (!grammar.isName(name))
    draft.problems.atKey(origin, `${quoted(name)} can’t be a name.`, 'Names are letters, digits, hyphens and underscores, at most 100.');
  return draft.define(kind, name, origin);
}

const STEP_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;

function readTask(draft: Draft, name: string, written: Record<string, unknown>, origin: Origin): TaskForm | null {
  const { problems } = draft;
  const read = problems.read(grammar.task, written, origin, {
    steps: 'Write `flow`.',
    schedule: 'Write a trigger.',
    env: '`env` belongs to an action.',
  });
  if (read === null) return null;
  const flow: TaskForm['flow'] = {};
  for (const [key, value] of Object.entries(read.flow)) {
    const at = below(origin, 'flow', key);
    if (!STEP_NAME.test(key))
      problems.atKey(
        at,
        `${quoted(key)} can’t be the name of a step.`,
        'It is letters, digits, hyphens and underscores, beginning with a letter, at most 100.',
      );
    const inline = (action: ActionForm): string => {
      const called = `${name}.${key}`;
      draft.inline.add(called);
      if (draft.define('action', called, at)) draft.actions[called] = action;
      return called;
    };
    flow[key] = readStep(problems, value, at, inline) ?? { action: inline(STAND_IN.action) };
  }
  if (Object.keys(read.flow).length === 0) problems.at(below(origin, 'flow'), 'This task has no step.');
  const { timeout, flow: _, mode: __, on_success, on_error, on_cancel, on_suspended, input, ...rest } = read;
  const hooks = {
    on_success: on_success?.map(hookForm),
    on_error: on_error?.map(hookForm),
    on_cancel: on_cancel?.map(hookForm),
    on_suspended: on_suspended?.map(hookForm),
  };
  const fields = input === undefined ? undefined : readFields(problems, input, below(origin, 'input'));
  return { flow, ...defined({ ...rest, ...hooks, input: fields, timeout_s: timeout }) };
}

const hookForm = ({ action, input }: z.output<typeof grammar.hook>): HookForm => ({ action, ...defined({ input }) });
