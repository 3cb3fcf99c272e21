import { ToruError } from '../../shared/errors.ts';
import type { Definitions, InputField } from '../../shared/flow/definition.ts';
import { task as taskSchema } from '../../shared/flow/definition.ts';
import { isStored } from '../../shared/input-values.ts';
import type { ActionInput } from '../../shared/inputs.ts';
import { type ChainCreate, type ChainWhen, chainWhen } from '../../shared/schedules.ts';
import type { ActionRow } from '../actions/action-row.ts';
import type { Database } from '../store/database.ts';
import { actionName, freeName, literal, pressOf } from './schedules.ts';

/** Two quick actions, one after the other. */
export interface ChainRow {
  /** Of its task in the host's own workspace. */
  name: string;
  first: string;
  second: string;
  when: ChainWhen;
  created_at: number;
}

interface Stored {
  name: string;
  first: string;
  second: string;
  run_when: string;
  created_at: number;
}

/** What a chain needs of an action. */
export type ChainedAction = Pick<ActionRow, 'label' | 'inputs'>;

/** The chains of quick actions: rows, of which tasks of the host's own workspace are made. All of it within the caller's transaction. */
export class Chains {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param action null: of all. */
  list(action: string | null = null): ChainRow[] {
    return this.#db
      .prepare<{ action: string | null }, Stored>(
        'SELECT * FROM chains WHERE @action IS NULL OR first = @action OR second = @action ORDER BY name',
      )
      .all({ action })
      .map(rowOf);
  }

  find(name: string): ChainRow | null {
    const stored = this.#db.prepare<[string], Stored>('SELECT * FROM chains WHERE name = ?').get(name);
    return stored === undefined ? null : rowOf(stored);
  }

  /** The same one again is the one that is there. @param taken is the name another one's? */
  create({ first, second, when }: ChainCreate, taken: (name: string) => boolean): ChainRow {
    const same = this.list(first).find((one) => one.first === first && one.second === second && one.when === when);
    if (same !== undefined) return same;
    const name = freeName(`${first.slice(0, 40)}-then-${second.slice(0, 40)}`, (one) => this.find(one) !== null || taken(one));
    const row: ChainRow = { name, first, second, when, created_at: Date.now() };
    this.#db
      .prepare('INSERT INTO chains (name, first, second, run_when, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(name, first, second, when, row.created_at);
    return row;
  }

  /** @throws ToruError not_found */
  get(name: string): ChainRow {
    const row = this.find(name);
    if (row === null)
      throw new ToruError('not_found', `There is no chain “${name.slice(0, 80)}”. “Then run”, in an action’s editor, makes one.`);
    return row;
  }

  /** @throws ToruError not_found */
  remove(name: string): ChainRow {
    const row = this.get(name);
    this.#db.prepare('DELETE FROM chains WHERE name = ?').run(name);
    return row;
  }
}

/** “Backup, then Tell me” */
export function titleOf({ first, second, when }: ChainRow, labelOf: (action: string) => string): string {
  const joint = { success: 'then', always: 'then in any case', failure: 'on failure' }[when];
  return `${labelOf(first)}, ${joint} ${labelOf(second)}`;
}

/** What chains come to in the language: a task of two steps for each, which asks what its actions ask. */
export function definitionsOfChains(
  rows: readonly ChainRow[],
  actionOf: (id: string) => ChainedAction | null,
): Pick<Definitions, 'actions' | 'tasks'> {
  const actions: Definitions['actions'] = {};
  const tasks: Definitions['tasks'] = {};
  for (const row of rows) {
    const { name, first, second, when } = row;
    actions[actionName(first)] = pressOf(first);
    actions[actionName(second)] = pressOf(second);
    const found = { first: actionOf(first), second: actionOf(second) };
    const inputs = { first: fieldsOf(found.first, 'first_', found.second), second: fieldsOf(found.second, 'second_', found.first) };
    tasks[name] = taskSchema.parse({
      name: titleOf(row, (action) => actionOf(action)?.label ?? action),
      input: Object.fromEntries([...inputs.first, ...inputs.second].map(({ field, asks }, order) => [field, { ...asks, order }])),
      flow: {
        first: { action: actionName(first), name: found.first?.label, input: passed(inputs.first) },
        second: {
          action: actionName(second),
          name: found.second?.label,
          depends_on: ['first'],
          input: passed(inputs.second),
          // Of a step that has to wait: it begins although the first failed. The job ends as the first did then.
          continue_on_failure: when !== 'success',
          ...(when === 'failure' ? { when: '{{ first.error is defined }}' } : {}),
        },
      },
    });
  }
  return { actions, tasks };
}

/** The answers of one action of a chain. */
export interface AnswersOfOne<V> {
  action: string;
  values: Record<string, V>;
  /** What the chain's task calls an input of the action. */
  fieldOf: (input: string) => string;
}

/** Answers to a chain's task, as each of its actions gets them. @throws ToruError input_undeclared */
export function answersOfChain<V>(
  { first, second }: ChainRow,
  actionOf: (id: string) => ChainedAction | null,
  answers: Record<string, V>,
): AnswersOfOne<V>[] {
  const found = { first: actionOf(first), second: actionOf(second) };
  const each = [
    { action: first, fields: fieldsOf(found.first, 'first_', found.second) },
    { action: second, fields: fieldsOf(found.second, 'second_', found.first) },
  ];
  const known = each.flatMap(({ fields }) => fields.map(({ field }) => field));
  const foreign = Object.keys(answers).find((name) => !known.includes(name));
  if (foreign !== undefined)
    throw new ToruError(
      'input_undeclared',
      `It asks for nothing called “${foreign.slice(0, 60)}”, but for ${known.length === 0 ? 'nothing at all' : known.join(', ')}.`,
      { extra: { input: foreign } },
    );
  return each.map(({ action, fields }) => ({
    action,
    values: Object.fromEntries(
      fields.flatMap(({ input, field }) => {
        const value = answers[field];
        return value === undefined ? [] : [[input, value] as const];
      }),
    ),
    fieldOf: (input) => fields.find((one) => one.input === input)?.field ?? input,
  }));
}

interface Asked {
  /** The action's input. */
  input: string;
  /** What the task calls it. */
  field: string;
  asks: Partial<InputField> & { type: string };
}

/** What an action asks, as inputs of the task. @param prefix for a name that the other action has, too. */
function fieldsOf(action: ChainedAction | null, prefix: string, other: ChainedAction | null): Asked[] {
  const taken = new Set((other?.inputs ?? []).map(({ name }) => name));
  return (action?.inputs ?? []).flatMap((input): Asked[] => {
    if (isStored(input) || input.type === 'file') return [];
    const field = taken.has(input.name) ? `${prefix}${input.name}` : input.name;
    return [{ input: input.name, field, asks: fieldOf(input, action?.label ?? '') }];
  });
}

/** An optional one that was not answered is an empty text, which is no answer. */
function passed(fields: readonly Asked[]): Record<string, string> {
  return Object.fromEntries(fields.map(({ input, field }) => [input, `{{ input.${field} | default(value="") }}`]));
}

/** The host checks an answer by the action's own rules when its step begins; the form asks what the language can ask. */
function fieldOf(input: ActionInput, label: string): Asked['asks'] {
  const common = {
    name: `${label}: ${input.label}`.slice(0, 160),
    ...(input.help === '' ? {} : { description: input.help }),
    // One that is asked on a condition may have no answer at all.
    required: input.required && input.show_if === undefined,
  };
  const start = 'default' in input && input.default !== undefined ? { default: literal(input.default) } : {};
  switch (input.type) {
    case 'number':
      return { ...common, type: input.integer ? 'integer' : 'number', ...start };
    case 'boolean':
    case 'date':
    case 'datetime':
      return { ...common, type: input.type, ...start };
    case 'secret':
      return { ...common, type: 'string', secret: true };
    case 'choice':
      return {
        ...common,
        type: 'string',
        ...start,
        ...(input.multiple === true ? { multiple: true } : {}),
        ...(input.options_from === undefined ? { options: input.options.map(({ value }) => value) } : {}),
      };
    case 'text':
      return { ...common, type: input.multiline ? 'text' : 'string', ...start };
    case 'time':
    case 'email':
    case 'file':
      return { ...common, type: 'string', ...start };
  }
}

function rowOf({ run_when, ...row }: Stored): ChainRow {
  return { ...row, when: chainWhen.parse(run_when) };
}
