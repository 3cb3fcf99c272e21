import type { Action, ClientAction } from '../../shared/actions.ts';
import type { List } from '../../shared/api.ts';
import type { AuditEntry } from '../../shared/audit.ts';
import { isErrorCode } from '../../shared/errors.ts';
import type { Host, PendingRun } from '../../shared/hosts.ts';
import { ofEachNumber } from '../../shared/number-settings.ts';
import { isRunState } from '../../shared/run-state.ts';
import type { Run, RunSummary } from '../../shared/runs.ts';
import type { Script } from '../../shared/scripts.ts';
import type { Me, Session } from '../../shared/sessions.ts';
import type { Settings } from '../../shared/settings.ts';
import type { System, SystemSample } from '../../shared/system.ts';
import type { User } from '../../shared/users.ts';

/**
 * What comes from the server, looked at once, at the border. Not the whole schema (the agent has that): what the page
 * would stumble over. An unknown field is no fault, so that an old page and a new host understand each other.
 */
export type Guard<T> = (value: unknown) => value is T;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const text = (value: unknown): value is string => typeof value === 'string';
const number = (value: unknown): value is number => typeof value === 'number';
const bool = (value: unknown): value is boolean => typeof value === 'boolean';
const textOrNull = (value: unknown): value is string | null => value === null || text(value);
const numberOrNull = (value: unknown): value is number | null => value === null || number(value);

type Checks = Record<string, (value: unknown) => boolean>;

function has(value: unknown, checks: Checks): boolean {
  return isRecord(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
}

const isRole = (value: unknown): boolean => value === 'admin' || value === 'client';

const summary: Checks = {
  task_id: text,
  user_id: text,
  label: text,
  state: isRunState,
  exit_code: numberOrNull,
  created_at: text,
  started_at: textOrNull,
  ended_at: textOrNull,
  note: (value) => value === undefined || text(value),
};
const textOrNothing = (value: unknown): boolean => value === undefined || textOrNull(value);

export function isRunSummary(value: unknown): value is RunSummary {
  return has(value, { ...summary, action: textOrNull });
}

export function isRun(value: unknown): value is Run {
  return has(value, {
    ...summary,
    action: textOrNothing,
    inputs: isRecord,
    user: text,
    source: text,
    address: textOrNull,
    reason: textOrNull,
    signal: textOrNull,
    output_bytes: number,
    stdin: bool,
  });
}

/** An action as an admin or as a client sees it. */
export type AnyAction = ClientAction & Partial<Pick<Action, 'script' | 'args' | 'allow'>>;

export function isAction(value: unknown): value is AnyAction {
  return has(value, {
    id: text,
    label: text,
    description: text,
    icon: text,
    color: text,
    inputs: Array.isArray,
    confirm: text,
    position: number,
    revision: number,
    running: number,
    queued: number,
    problem: textOrNull,
    last_run: (run) => run === null || isRunSummary(run),
  });
}

/** The whole definition, as only an admin gets it. */
export function isFullAction(value: unknown): value is Action {
  return (
    isAction(value) && has(value, { script: text, args: Array.isArray, allow: (allow) => allow === 'everyone' || Array.isArray(allow) })
  );
}

export function isScript(value: unknown): value is Script {
  return has(value, { name: text, size: number, modified_at: text, description: text, runnable: bool, problem: textOrNull });
}

export function isUser(value: unknown): value is User {
  return has(value, { id: text, username: text, role: isRole, disabled: bool, created_at: text, last_login_at: textOrNull });
}

export function isSession(value: unknown): value is Session {
  return has(value, { id: text, created_at: text, last_seen_at: text, expires_at: text, address: text, user_agent: text, current: bool });
}

const PENDING: Record<PendingRun['state'], true> = { waiting: true, started: true, expired: true, refused: true };
export function isPendingRun(value: unknown): value is PendingRun {
  return has(value, {
    request_id: text,
    user_id: text,
    action: textOrNull,
    script: textOrNull,
    state: (state) => text(state) && Object.hasOwn(PENDING, state),
    message: textOrNull,
    task_id: textOrNull,
    created_at: text,
    expires_at: text,
  });
}

export function isHost(value: unknown): value is Host {
  return has(value, {
    id: text,
    name: text,
    online: bool,
    last_seen: textOrNull,
    recent_runs: (runs) => Array.isArray(runs) && runs.every(isRunSummary),
    pending_runs: (runs) => Array.isArray(runs) && runs.every(isPendingRun),
    duplicate: (seen) => seen === undefined || seen === null || has(seen, { at: text, address: text, name: text }),
  });
}

export function isMe(value: unknown): value is Me {
  return has(value, { user: (user) => has(user, { id: text, username: text, role: isRole }), session: isRecord, host: textOrNull });
}

export function isSettings(value: unknown): value is Settings {
  return has(value, {
    instance_id: text,
    host_name: text,
    scripts_dir: text,
    scripts_dir_fixed: bool,
    ...ofEachNumber(() => number),
    when_output_full: text,
    env_allow: Array.isArray,
    version: text,
  });
}

export function isSystemSample(value: unknown): value is SystemSample {
  return has(value, {
    time: text,
    cpu: number,
    memory_used: number,
    memory_total: number,
    load_1m: number,
    network_rx_per_s: number,
    network_tx_per_s: number,
  });
}

export function isSystem(value: unknown): value is System {
  return has(value, {
    host_name: text,
    cores: number,
    uptime_s: number,
    agent: isRecord,
    disks: Array.isArray,
    sample: isSystemSample,
    history: (all) => Array.isArray(all) && all.every(isSystemSample),
  });
}

export function isAuditEntry(value: unknown): value is AuditEntry {
  return has(value, {
    id: number,
    time: text,
    event: text,
    user: textOrNull,
    address: textOrNull,
    target: textOrNull,
    outcome: text,
    detail: isRecord,
  });
}

/** `{items, next_cursor}` of what `item` accepts. */
export function listOf<T>(item: Guard<T>): Guard<List<T>> {
  return (value): value is List<T> =>
    isRecord(value) &&
    Array.isArray(value['items']) &&
    value['items'].every(item) &&
    (value['next_cursor'] === undefined || textOrNull(value['next_cursor']));
}

/** For answers whose body does not matter (204, 202). */
export function isAnything(value: unknown): value is unknown {
  return value === undefined || value !== undefined;
}

export function errorOf(value: unknown): { code: unknown; message: string; extra: Record<string, unknown> } | null {
  if (!isRecord(value) || !isRecord(value['error'])) return null;
  const { code, message, ...extra } = value['error'];
  return { code: isErrorCode(code) ? code : 'internal', message: text(message) ? message : 'The server gave no reason.', extra };
}
