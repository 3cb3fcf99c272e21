import type { Action, ActionList, ClientAction } from '../../shared/actions.ts';
import type { List } from '../../shared/api.ts';
import { isErrorCode } from '../../shared/errors.ts';
import type { Host, PendingRun } from '../../shared/hosts.ts';
import { isRunState } from '../../shared/run-state.ts';
import type { Run, RunNews } from '../../shared/runs.ts';
import type { Me } from '../../shared/sessions.ts';
import type { SystemSample } from '../../shared/system.ts';
import { fromServer, t } from './translate.ts';

/**
 * The page's border: each answer of the server is looked at once. Not by the schemas themselves, which would cost the first load 6 KB
 * of its 45; and an unknown field or word is no fault, so that an old page and a new host understand each other. The compiler holds a
 * shape to its schema.
 */
export interface Guard<T> {
  (value: unknown): value is T;
  /** For the compiler alone: a guard may stand for a field where it lets through whatever the schema does. */
  readonly admits?: (value: T) => void;
}
type Fields<T> = { [K in keyof T]?: { (value: unknown): boolean; readonly admits?: (value: T[K]) => void } };

/** A guard of T that looks at these fields of it: those that the page would stumble over. */
export function shape<T>(fields: Fields<T>): Guard<T> {
  const checks = Object.entries<((value: unknown) => boolean) | undefined>(fields);
  return (value): value is T => isRecord(value) && checks.every(([key, check]) => check?.(value[key]) !== false);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
export const text: Guard<string> = (value) => typeof value === 'string';
export const number: Guard<number> = (value) => typeof value === 'number';
export const bool: Guard<boolean> = (value) => typeof value === 'boolean';
export const list: Guard<unknown[]> = (value) => Array.isArray(value);
/** For answers whose body does not matter (204, 202). */
export const isAnything: Guard<unknown> = (_value): _value is unknown => true;

export function orNull<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}
export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}
export function listOfAll<T>(item: Guard<T>): Guard<T[]> {
  return (value): value is T[] => list(value) && value.every(item);
}
export function oneOf<const T extends string>(...words: T[]): Guard<T> {
  return (value): value is T => words.some((word) => word === value);
}
export const isRole = oneOf('admin', 'client');

const ofEveryRun = {
  task_id: text,
  user_id: text,
  label: text,
  state: isRunState,
  exit_code: orNull(number),
  created_at: text,
  started_at: orNull(text),
  ended_at: orNull(text),
  note: optional(text),
  waiting_for_input: optional(bool),
  input_hidden: optional(bool),
};
export const isRunSummary = shape<RunNews>({ ...ofEveryRun, action: orNull(text) });
export const isRun = shape<Run>({
  ...ofEveryRun,
  action: optional(orNull(text)),
  inputs: isRecord,
  user: text,
  source: text,
  address: orNull(text),
  reason: orNull(text),
  signal: orNull(text),
  output_bytes: number,
  stdin: bool,
  tty: optional(bool),
  last_line: optional(text),
  stopping: optional(bool),
  queue_place: optional(number),
});

/** An action as an admin or as a client sees it. A host of an earlier version leaves some fields out. */
type Newer = 'tty' | 'content_hash' | 'group' | 'size' | 'results' | 'favourite' | 'last_used_at' | 'next_run_at' | 'remembered';
export type AnyAction = Omit<ClientAction, Newer> & Partial<Pick<Action, 'script' | 'args' | 'allow' | Newer>>;

export const ofEveryAction = {
  id: text,
  label: text,
  description: text,
  icon: text,
  color: text,
  inputs: list,
  remembered: optional(isRecord),
  confirm: text,
  position: number,
  revision: number,
  running: number,
  queued: number,
  problem: orNull(text),
  last_run: orNull(isRunSummary),
};
export const isAction = shape<AnyAction>(ofEveryAction);
/** A host of an earlier version knows no cards. */
export type ListedActions = Pick<List<AnyAction>, 'items'> & Partial<Pick<ActionList, 'cards'>>;
export const isActionList = shape<ListedActions>({
  items: listOfAll(isAction),
  cards: optional(list),
});
export const isPendingRun = shape<PendingRun>({
  request_id: text,
  user_id: text,
  action: orNull(text),
  script: orNull(text),
  state: oneOf('waiting', 'started', 'expired', 'refused'),
  message: orNull(text),
  task_id: orNull(text),
  created_at: text,
  expires_at: text,
});

export const isHost = shape<Host>({
  id: text,
  name: text,
  home: bool,
  presence: oneOf('online', 'away', 'unknown'),
  role: orNull(isRole),
  online: bool,
  last_seen: orNull(text),
  recent_runs: listOfAll(isRunSummary),
  pending_runs: listOfAll(isPendingRun),
  duplicate: optional(orNull(shape<NonNullable<Host['duplicate']>>({ at: text, address: text, name: text }))),
});

export const isMe = shape<Me>({
  user: shape<Me['user']>({ id: text, username: text, role: isRole }),
  session: isRecord,
  host: orNull(text),
});

export const isSystemSample = shape<SystemSample>({
  time: text,
  cpu: number,
  memory_used: number,
  memory_total: number,
  load_1m: number,
  network_rx_per_s: number,
  network_tx_per_s: number,
});

/** `{items, next_cursor}` of what `item` accepts. */
export function listOf<T>(item: Guard<T>): Guard<List<T>> {
  const items = listOfAll(item);
  return (value): value is List<T> => isRecord(value) && items(value['items']) && optional(orNull(text))(value['next_cursor']);
}

export function errorOf(value: unknown): { code: unknown; message: string; extra: Record<string, unknown> } | null {
  if (!isRecord(value) || !isRecord(value['error'])) return null;
  const { code: reported, message, ...extra } = value['error'];
  const code = isErrorCode(reported) ? reported : 'internal';
  return { code, message: text(message) ? fromServer(code, message) : t('The server gave no reason.'), extra };
}
