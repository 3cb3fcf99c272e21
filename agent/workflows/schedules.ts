import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { Definitions } from '../../shared/flow/definition.ts';
import { action as actionSchema, task as taskSchema, trigger as triggerSchema } from '../../shared/flow/definition.ts';
import type { Json } from '../../shared/flow/job.ts';
import { inputValue } from '../../shared/inputs.ts';
import type { ScheduleCreate, SchedulePatch } from '../../shared/schedules.ts';
import { catchUp } from '../../shared/schedules.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';

/** A schedule of a quick action, as the host keeps it. Times in ms since 1970. */
export interface ScheduleRow {
  /** Of its trigger and its task in the host's own workspace. */
  name: string;
  /** Of a chain: its first. */
  action: string;
  /** The chain that it starts; null: the action alone. */
  chain: string | null;
  cron: string;
  timezone: string;
  catch_up: z.infer<typeof catchUp>;
  /** The answers to the action's questions. */
  inputs: Record<string, z.infer<typeof inputValue>>;
  /** Stored secrets, by the input that gets one. */
  secrets: Record<string, string>;
  /** Who saved it last: its runs are theirs, with their rights. */
  user_id: string;
  username: string;
  created_at: number;
}

type Stored = Omit<ScheduleRow, 'catch_up' | 'inputs' | 'secrets'> & { catch_up: string; inputs: string; secrets: string };

const answers = z.record(z.string(), inputValue);
const names = z.record(z.string(), z.string());

/** The schedules of quick actions: rows, of which triggers of the host's own workspace are made. All of it within the caller's transaction. */
export class Schedules {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): ScheduleRow[] {
    return this.#db.prepare<[], Stored>('SELECT * FROM schedules ORDER BY name').all().map(rowOf);
  }

  find(name: string): ScheduleRow | null {
    const stored = this.#db.prepare<[string], Stored>('SELECT * FROM schedules WHERE name = ?').get(name);
    return stored === undefined ? null : rowOf(stored);
  }

  /** @throws ToruError not_found */
  get(name: string): ScheduleRow {
    const row = this.find(name);
    if (row === null) throw new ToruError('not_found', `There is no schedule “${name.slice(0, 80)}”. See: toru schedule list`);
    return row;
  }

  /** @param taken is the name another one's? */
  create(
    caller: Caller,
    { action, chain }: Pick<ScheduleRow, 'action' | 'chain'>,
    fields: ScheduleCreate,
    timezone: string,
    taken: (name: string) => boolean,
  ): ScheduleRow {
    const { cron, catch_up, inputs, secrets } = fields;
    const name = freeName(chain ?? action, (one) => this.find(one) !== null || taken(one));
    const row: ScheduleRow = {
      name,
      action,
      chain,
      cron,
      timezone,
      catch_up,
      inputs,
      secrets,
      user_id: caller.user_id,
      username: caller.username,
      created_at: Date.now(),
    };
    this.#write(row);
    return row;
  }

  update(caller: Caller, name: string, patch: SchedulePatch): ScheduleRow {
    const before = this.get(name);
    const row: ScheduleRow = {
      ...before,
      cron: patch.cron ?? before.cron,
      timezone: patch.timezone ?? before.timezone,
      catch_up: patch.catch_up ?? before.catch_up,
      inputs: patch.inputs ?? before.inputs,
      secrets: patch.secrets ?? before.secrets,
      user_id: caller.user_id,
      username: caller.username,
    };
    this.#write(row);
    return row;
  }

  remove(name: string): void {
    this.#db.prepare('DELETE FROM schedules WHERE name = ?').run(name);
  }

  #write(row: ScheduleRow): void {
    this.#db
      .prepare(
        `INSERT INTO schedules (name, action, chain, cron, timezone, catch_up, inputs, secrets, user_id, username, created_at)
         VALUES (@name, @action, @chain, @cron, @timezone, @catch_up, @inputs, @secrets, @user_id, @username, @created_at)
         ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, timezone = excluded.timezone, catch_up = excluded.catch_up,
           inputs = excluded.inputs, secrets = excluded.secrets, user_id = excluded.user_id, username = excluded.username`,
      )
      .run({ ...row, inputs: JSON.stringify(row.inputs), secrets: JSON.stringify(row.secrets) });
  }
}

/** `backup`, or `backup-2` when that is taken. */
export function freeName(wanted: string, taken: (name: string) => boolean): string {
  // A name of the language begins with a letter.
  const base = /^[A-Za-z_]/.test(wanted) ? wanted.slice(0, 90) : `a-${wanted}`.slice(0, 90);
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!taken(name)) return name;
  }
}

/** What schedules come to in the language: a trigger for each, and a task of one step, which presses the action, where there is no chain's task. */
export function definitionsOf(
  rows: readonly ScheduleRow[],
  labelOf: (action: string) => string | null,
): Pick<Definitions, 'actions' | 'tasks' | 'triggers'> {
  const actions: Definitions['actions'] = {};
  const tasks: Definitions['tasks'] = {};
  const triggers: Definitions['triggers'] = {};
  for (const row of rows) {
    const { name, action, chain, cron, timezone, catch_up, inputs, secrets } = row;
    const secret = Object.entries(secrets).map(([input, stored]) => [input, `{{ secret.${stored} }}`] as const);
    const input = { ...literals(inputs), ...Object.fromEntries(secret) };
    const when = { type: 'scheduler', cron, timezone, catch_up } as const;
    if (chain !== null) {
      triggers[name] = triggerSchema.parse({ ...when, task: chain, input } satisfies z.input<typeof triggerSchema>);
      continue;
    }
    actions[actionName(action)] = pressOf(action);
    tasks[name] = taskSchema.parse({ name: labelOf(action) ?? action, flow: { run: { action: actionName(action), input } } });
    triggers[name] = triggerSchema.parse({ ...when, task: name } satisfies z.input<typeof triggerSchema>);
  }
  return { actions, tasks, triggers };
}

/** As the definitions of the host's own workspace call a quick action. */
export const actionName = (action: string): string => `press-${action}`;

export function pressOf(action: string): Definitions['actions'][string] {
  return actionSchema.parse({ type: 'quick_action', quick_action: action });
}

function literals(values: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, literal(value)]));
}

/** A value that is a template of itself: what stands in it is never one. */
export function literal(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('{', '{{ "{" }}');
  return Array.isArray(value) ? value.map(literal) : value;
}

/** Of definitions that come from no file. */
export function revisionOf(definitions: Definitions): string {
  return createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 40);
}

function rowOf(stored: Stored): ScheduleRow {
  return {
    ...stored,
    catch_up: catchUp.parse(stored.catch_up),
    inputs: answers.parse(JSON.parse(stored.inputs)),
    secrets: names.parse(JSON.parse(stored.secrets)),
  };
}
