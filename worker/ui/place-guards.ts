import type { Action } from '../../shared/actions.ts';
import type { AuditEntry } from '../../shared/audit.ts';
import type { Script, ScriptText } from '../../shared/scripts.ts';
import type { Session } from '../../shared/sessions.ts';
import type { System } from '../../shared/system.ts';
import type { User } from '../../shared/users.ts';
import {
  bool,
  isAnything,
  isRecord,
  isRole,
  isSystemSample,
  list,
  listOfAll,
  number,
  ofEveryAction,
  orNull,
  shape,
  text,
} from './guards.ts';

/** Guards of what the first page does not read: they come with the places that do. */

/** The whole definition, as only an admin gets it. */
export const isFullAction = shape<Action>({
  ...ofEveryAction,
  script: text,
  args: list,
  allow: (value: unknown): value is string | unknown[] => value === 'everyone' || list(value),
});

export const isScript = shape<Script>({
  name: text,
  size: number,
  modified_at: text,
  description: text,
  runnable: bool,
  problem: orNull(text),
});

export const isScriptText = shape<ScriptText>({
  name: text,
  content: text,
  sha256: text,
  action: orNull(isAnything),
  action_problem: orNull(text),
  versions: list,
});

export const isUser = shape<User>({
  id: text,
  username: text,
  role: isRole,
  disabled: bool,
  created_at: text,
  last_login_at: orNull(text),
});

export const isSession = shape<Session>({
  id: text,
  created_at: text,
  last_seen_at: text,
  expires_at: text,
  address: text,
  user_agent: text,
  current: bool,
});

export const isSystem = shape<System>({
  host_name: text,
  cores: number,
  uptime_s: number,
  agent: isRecord,
  disks: list,
  sample: isSystemSample,
  history: listOfAll(isSystemSample),
});

export const isAuditEntry = shape<AuditEntry>({
  id: number,
  time: text,
  event: text,
  user: orNull(text),
  address: orNull(text),
  target: orNull(text),
  outcome: text,
  detail: isRecord,
});
