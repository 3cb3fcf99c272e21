import { z } from 'zod';
import { isOneEmoji } from './emoji.ts';
import { actionId, hostId, sessionId, taskId, userId } from './ids.ts';
import { actionInput, confirmation } from './inputs.ts';
import { MAX_GRACE_S, MAX_VARIABLE_CHARS, MAX_VARIABLES } from './limits.ts';
import { ofEachNumber } from './settings.ts';

/** The shapes that cross borders: snake_case, times in ISO 8601 UTC. What the two sides say about each other's things. */

const time = z.iso.datetime();
export const role = z.enum(['admin', 'client']);
export type Role = z.infer<typeof role>;

export const runState = z.enum(['queued', 'running', 'exited', 'cancelled', 'timed_out', 'interrupted', 'refused']);
export type RunState = z.infer<typeof runState>;

/** `queued` and `running` change; the others are for ever. */
export function isFinal(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** Where a run was asked from. */
export const runSource = z.enum(['page', 'api', 'cli', 'plugin']);
export type RunSource = z.infer<typeof runSource>;

export const run = z.object({
  task_id: taskId,
  host: hostId,
  /** The action's id; absent when a script was run by name. */
  action: z.string().optional(),
  /** The action's label as it was when the run was made; the script's name without an action. */
  label: z.string(),
  /** Absent for a client: what stands behind a button is the admin's business. */
  script: z.string().optional(),
  args: z.array(z.string()).optional(),
  /** Secrets are masked before they reach any disk. */
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** The username, as it was when the run was made. */
  user: z.string(),
  user_id: z.string(),
  source: runSource,
  /** The asker's address as the edge saw it; null for the local socket. */
  address: z.string().nullable(),
  state: runState,
  /** Why it was refused, interrupted or could not start, in a sentence. */
  reason: z.string().nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  output_bytes: z.int(),
  /** What its output takes on the host's disk, once it is compressed as far as it can be; null before. */
  disk_bytes: z.int().nullable(),
  /** Does the script read what a viewer types? */
  stdin: z.boolean(),
  /** The script has ended, and the last of what it printed is still waited for: `running` goes on till then. Absent otherwise. */
  finishing: z.boolean().optional(),
  /** What somebody who sees the run wrote on it; absent when nobody did. Plain text. */
  note: z.string().optional(),
});
export type Run = z.infer<typeof run>;

/** What the edge keeps of a run for when the host is away: no script, no args, no inputs, no output. */
export const runSummary = z.object({
  task_id: taskId,
  user_id: z.string(),
  /** The action's id; null when a script was run by name. */
  action: z.string().nullable(),
  label: z.string(),
  state: runState,
  exit_code: z.int().nullable(),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
});
export type RunSummary = z.infer<typeof runSummary>;

/** A change of a run, as who follows the runs gets it. The edge passes the note on, and keeps none. */
export type RunNews = RunSummary & Pick<Run, 'note'>;

/** A name from the page's icon set, or one emoji. The page falls back to a plain play sign for a name that it does not know. */
const icon = z
  .string()
  .min(1)
  .max(40)
  .refine((text) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text) || isOneEmoji(text), 'a name of the icon set, or one emoji');
export const COLORS = ['slate', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink'] as const;

/** Names that a shell can pass on. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** What may be set on an action; `label` and `script` suffice to make one. */
export const actionFields = z.object({
  id: actionId.optional(),
  label: z.string().trim().min(1).max(80),
  description: z.string().max(500).default(''),
  script: z.string().min(1).max(1024),
  /** Fixed arguments, before those that come from inputs. */
  args: z.array(z.string().max(4096)).max(64).default([]),
  /** Fixed variables, by name. An admin's own word: they may decide which code runs. */
  env: z
    .record(z.string().regex(VARIABLE, 'a name of a variable: letters, digits and underscores'), z.string().max(MAX_VARIABLE_CHARS))
    .refine((variables) => Object.keys(variables).length <= MAX_VARIABLES, `at most ${MAX_VARIABLES} variables`)
    .default({}),
  icon: icon.default('play'),
  color: z.enum(COLORS).default('slate'),
  inputs: z.array(actionInput).max(32).default([]),
  confirm: confirmation.default('none'),
  /** Seconds until TERM; 0 = never. */
  timeout_s: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(0),
  /** How a run is asked to leave, by a cancel and at its timeout; … */
  stop_signal: z.enum(['TERM', 'INT', 'HUP', 'QUIT']).default('TERM'),
  /** … and how many seconds it has for that before KILL; null = the ten that every run has. */
  grace_s: z.int().min(0).max(MAX_GRACE_S).nullable().default(null),
  /** Runs of this action at the same time; 0 = any number. */
  max_concurrent: z.int().min(0).max(1000).default(0),
  when_full: z.enum(['queue', 'refuse']).default('queue'),
  /** Which clients may press it: everyone, or those named by id. Admins always may. */
  allow: z.union([z.literal('everyone'), z.array(userId).max(1000)]).default([]),
  /** Keep the script's standard input open for what a viewer types. */
  stdin: z.boolean().default(false),
});
export type ActionFields = z.infer<typeof actionFields>;

export const action = actionFields.required({ id: true }).extend({
  position: z.int(),
  /** Raised by every change; a queued run remembers the one it was asked under. */
  revision: z.int(),
  created_at: time,
  updated_at: time,
  /** The newest run that the asker may see, and how many are under way. */
  last_run: runSummary.nullable(),
  running: z.int(),
  queued: z.int(),
  /** Set when a press would fail now (the script is gone, or may not be run), in a sentence. */
  problem: z.string().nullable(),
});
export type Action = z.infer<typeof action>;

/** What a client sees of an action: no script, nothing of how it is started and stopped, no `allow`. */
export const clientAction = action.omit({ script: true, args: true, env: true, stop_signal: true, grace_s: true, allow: true });
export type ClientAction = z.infer<typeof clientAction>;

export const script = z.object({
  /** Path below scripts_dir, `/` between folders. */
  name: z.string(),
  size: z.int(),
  modified_at: time,
  /** The first comment line after the shebang, if it has one. */
  description: z.string(),
  runnable: z.boolean(),
  /** Why it can't run, with the command that fixes it. */
  problem: z.string().nullable(),
});
export type Script = z.infer<typeof script>;

export const user = z.object({
  id: userId,
  username: z.string(),
  role,
  disabled: z.boolean(),
  created_at: time,
  last_login_at: time.nullable(),
});
export type User = z.infer<typeof user>;

/** What POST /api/login-links answers: the link is `<origin>/login#code=<code>`. */
export interface LoginLink {
  code: string;
  username: string;
  expires_at: string;
  /** Where browsers reach the page; null when the agent does not know. */
  origin: string | null;
}

export const session = z.object({
  id: sessionId,
  created_at: time,
  last_seen_at: time,
  expires_at: time,
  address: z.string(),
  user_agent: z.string(),
  current: z.boolean(),
});
export type Session = z.infer<typeof session>;

/** A run that the edge keeps for a host that is away, and for a day or two what came of it. */
export const pendingRun = z.object({
  request_id: z.uuid(),
  user_id: userId,
  action: z.string().nullable(),
  script: z.string().nullable(),
  state: z.enum(['waiting', 'started', 'expired', 'refused']),
  /** Why it did not start. */
  message: z.string().nullable(),
  /** The run that it became. */
  task_id: taskId.nullable(),
  created_at: time,
  expires_at: time,
});
export type PendingRun = z.infer<typeof pendingRun>;

export const host = z.object({
  id: hostId,
  name: z.string(),
  online: z.boolean(),
  last_seen: time.nullable(),
  version: z.string().nullable(),
  /** The last known runs that the asker may see: what the page shows while the host is away. */
  recent_runs: z.array(runSummary),
  /** Those that the asker may see, oldest first. */
  pending_runs: z.array(pendingRun),
  /** For admins: the last agent that came with this host's key while the host was linked, and was refused; null after a day. */
  duplicate: z.object({ at: time, address: z.string(), name: z.string() }).nullish(),
});
export type Host = z.infer<typeof host>;

/** GET /api/me. `role` is what the agent said at login; the page hides by it, the agent decides again. */
export const me = z.object({
  user: z.object({ id: userId, username: z.string(), role }),
  session: session.pick({ id: true, created_at: true, expires_at: true }).extend({ auth_time: time }),
  /** The default host; null while the edge knows of none. */
  host: hostId.nullable(),
});
export type Me = z.infer<typeof me>;

/** What happens to a run that prints more: it is cancelled, or runs on and the rest of its output is thrown away. */
export const whenOutputFull = z.enum(['halt', 'truncate']);

export const settings = z.object({
  instance_id: hostId,
  host_name: z.string(),
  scripts_dir: z.string(),
  /** True when the environment or config.toml decides scripts_dir, so that a change here would do nothing. */
  scripts_dir_fixed: z.boolean(),
  /** keep_days, keep_runs, keep_mb, output_limit_mb (MiB, of each of a run's two streams), compress_after_minutes: settings.ts. */
  ...ofEachNumber(() => z.int()),
  when_output_full: whenOutputFull,
  /** Names of variables of the agent's environment that scripts get beside the basic ones. */
  env_allow: z.array(z.string()),
  version: z.string(),
});
export type Settings = z.infer<typeof settings>;

/** One sample, taken every 2 s while somebody looks. Sizes in bytes, load in 0–100. */
export const systemSample = z.object({
  time,
  cpu: z.number(),
  memory_used: z.number(),
  memory_total: z.number(),
  load_1m: z.number(),
  network_rx_per_s: z.number(),
  network_tx_per_s: z.number(),
});
export type SystemSample = z.infer<typeof systemSample>;

export const system = z.object({
  host_name: z.string(),
  platform: z.string(),
  distro: z.string(),
  kernel: z.string(),
  cpu_model: z.string(),
  cores: z.int(),
  uptime_s: z.number(),
  agent: z.object({ version: z.string(), pid: z.int(), uptime_s: z.number(), memory: z.number(), node: z.string() }),
  /** How this host stands with its edge; null without one. */
  edge: z
    .object({
      origin: z.string(),
      linked: z.boolean(),
      /** Why it is not linked, for a person. */
      problem: z.string().nullable(),
      /** The key that the edge has to prove; null before the first link with one that has a key. */
      key: z.string().nullable(),
      /** The last agent that came with this host's key while this one was linked. */
      duplicate: z.object({ at: time, address: z.string(), name: z.string() }).nullable(),
    })
    .nullish(),
  disks: z.array(z.object({ mount: z.string(), size: z.number(), used: z.number() })),
  sample: systemSample,
  /** The last minutes, oldest first, as far as anyone was looking. */
  history: z.array(systemSample),
});
export type System = z.infer<typeof system>;

export const auditEntry = z.object({
  id: z.int(),
  time,
  /** What was done: `login`, `run.start`, `user.create`, `settings.change`, … */
  event: z.string(),
  /** The username; null where nobody was known, as at a failed login. */
  user: z.string().nullable(),
  user_id: z.string().nullable(),
  address: z.string().nullable(),
  /** What it was done to: an id or a name. */
  target: z.string().nullable(),
  outcome: z.enum(['ok', 'refused']),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** What `GET /api/audit/verify` found. Each class of entries is a chain of its own. */
export interface AuditVerification {
  chains: {
    class: 'security' | 'activity';
    /** With a hash: those from before the chain have none. */
    entries: number;
    /** The id of the first entry that does not follow from the one before it; null when all do. */
    broken_at: number | null;
    /** The newest entry's hash, in hex: kept elsewhere, it shows a chain that was written again. */
    head: string;
  }[];
}

/** The shape of every list. */
export interface List<T> {
  items: T[];
  next_cursor: string | null;
}
