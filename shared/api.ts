import { z } from 'zod';
import { actionId, taskId, userId, uuid } from './ids.ts';
import { notAfter } from './in-time.ts';
import {
  DEFAULT_PAGE_SIZE,
  MAX_ARGS,
  MAX_NOTE_CHARS,
  MAX_OUTPUT_READ,
  MAX_PAGE_SIZE,
  MAX_PASSWORD_BYTES,
  MAX_PENDING_S,
  MIN_PASSWORD_CHARS,
} from './limits.ts';
import { actionFields, role, runState, whenOutputFull } from './model.ts';
import { NUMBER_SETTINGS, ofEachNumber } from './settings.ts';

/**
 * What may be asked of the host's HTTP API: bodies, queries and path parameters. The page, the command line and the
 * agent read the same rules. An unknown field is refused by name: a misspelt one would otherwise be ignored in silence.
 */

/** A whole number in a query string, where everything is text. */
export function numberIn(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

const page = {
  limit: numberIn(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  /** `next_cursor` of the page before. */
  cursor: z.string().min(1).max(200).optional(),
};

export const taskParams = z.object({ id: taskId });
export const actionParams = z.object({ id: actionId });
export const userParams = z.object({ id: userId });

// Runs

/** POST /api/runs: an action with its inputs, or a script with its arguments. */
export const runRequest = z
  .strictObject({
    action: z.string().min(1).max(64).optional(),
    script: z.string().min(1).max(1024).optional(),
    inputs: z.record(z.string(), z.unknown()).optional(),
    args: z.array(z.string()).max(MAX_ARGS).optional(),
    /** The same id never starts twice: a retry gets the first one's task. */
    request_id: uuid.optional(),
    not_after: notAfter.optional(),
    /** With the host away: refused, or kept by the edge and started once when it is back. `queue` needs a request_id. */
    when_away: z.enum(['refuse', 'queue']).optional(),
    /** How long it may be kept, in seconds. */
    expires_s: z.int().min(1).max(MAX_PENDING_S).optional(),
  })
  .refine(
    (request) => (request.action === undefined) !== (request.script === undefined),
    'either `action` (with `inputs`) or `script` (with `args`)',
  )
  .refine((request) => request.action === undefined || request.args === undefined, { path: ['args'], message: 'an action takes `inputs`' })
  .refine((request) => request.script === undefined || request.inputs === undefined, {
    path: ['inputs'],
    message: 'a script takes `args`',
  });
export type RunRequest = z.infer<typeof runRequest>;

const states = z
  .string()
  .max(100)
  .transform((text) => text.split(','))
  .pipe(z.array(runState).min(1));

/** GET /api/runs. `status` is one state, or several with commas between. */
export const runsQuery = z.strictObject({
  ...page,
  status: states.optional(),
  action: z.string().min(1).max(64).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  /** Text to find in label, script, inputs, arguments and note. */
  q: z.string().max(200).optional(),
});

/** PATCH /api/runs/:id. An empty note removes it. */
export const runPatch = z.strictObject({
  note: z
    .string()
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .max(MAX_NOTE_CHARS, `a note has ${MAX_NOTE_CHARS} characters at most`)
        .regex(/^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$/, 'plain text, without control characters'),
    ),
});

/** What is looked for: literally, within a line, so no control characters but the tab. */
const wanted = z
  .string()
  .max(200)
  .refine((text) => text.trim() !== '' && !/[\x00-\x08\x0a-\x1f]/.test(text), 'text to look for, of one line');
const places = z
  .string()
  .max(40)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(['output', 'history'])).min(1));

const lookup = {
  q: wanted,
  /** `exact` tells `a` from `A`. */
  case: z.enum(['ignore', 'exact']).default('ignore'),
  /** So many lines of output before and after a match. */
  context: numberIn(0, 5).default(1),
  limit: numberIn(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
};

/** GET /api/search: what runs are called and were given (`history`), and what they printed (`output`). The answer: shared/search-lines.ts. */
export const searchQuery = z.strictObject({
  ...lookup,
  in: places.default(['history', 'output']),
  status: states.optional(),
  action: z.string().min(1).max(64).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  /** Only runs that were asked for then or later. */
  since: z.iso.datetime({ offset: true }).optional(),
  /** `next_cursor` of the search before. */
  cursor: z.string().min(1).max(300).optional(),
});
export type SearchQuery = z.infer<typeof searchQuery>;

/** GET /api/runs/:id/search: in one run's output, from a cursor on. */
export const runSearchQuery = z.strictObject({ ...lookup, from: numberIn(0, Number.MAX_SAFE_INTEGER).default(0) });
export type RunSearchQuery = z.infer<typeof runSearchQuery>;

/** GET /api/runs/:id/output. `from` is a cursor; what is none answers `bad_cursor`, so it is read apart. */
export const outputQuery = z.strictObject({
  from: z.string().max(40).optional(),
  /** Instead of `from`: the last so many bytes. */
  tail: numberIn(1, MAX_OUTPUT_READ).optional(),
  limit: numberIn(1, MAX_OUTPUT_READ).default(MAX_OUTPUT_READ),
  stream: z.enum(['stdout', 'stderr']).optional(),
  format: z.enum(['text', 'jsonl']).default('text'),
  /** How a line of `jsonl` holds its bytes: as text, where binary turns into replacement characters, or exactly. */
  encoding: z.enum(['utf8', 'base64']).default('utf8'),
  /** Stay until the run has ended. Only at the local socket: through the edge, attach on the WebSocket. */
  follow: z.enum(['true', 'false']).optional(),
});
export type OutputQuery = z.infer<typeof outputQuery>;

/** A line of `?format=jsonl`: output, or where output was removed. `cursor`: where to resume after this line. */
export type OutputLine =
  | { stream: 'stdout' | 'stderr'; data: string; cursor: number }
  | { gap: { from: number; to: number }; cursor: number };

// Actions

/** POST /api/actions: `label` and `script` suffice. */
export const actionCreate = z.strictObject(actionFields.shape);
export type ActionCreate = z.infer<typeof actionCreate>;

/** PATCH /api/actions/:id: what is left out stays as it is, so nothing here has a default. */
export const actionPatch = z.strictObject({
  label: actionFields.shape.label.optional(),
  description: actionFields.shape.description.unwrap().optional(),
  script: actionFields.shape.script.optional(),
  args: actionFields.shape.args.unwrap().optional(),
  env: actionFields.shape.env.unwrap().optional(),
  icon: actionFields.shape.icon.unwrap().optional(),
  color: actionFields.shape.color.unwrap().optional(),
  inputs: actionFields.shape.inputs.unwrap().optional(),
  confirm: actionFields.shape.confirm.unwrap().optional(),
  timeout_s: actionFields.shape.timeout_s.unwrap().optional(),
  stop_signal: actionFields.shape.stop_signal.unwrap().optional(),
  grace_s: actionFields.shape.grace_s.unwrap().optional(),
  max_concurrent: actionFields.shape.max_concurrent.unwrap().optional(),
  when_full: actionFields.shape.when_full.unwrap().optional(),
  allow: actionFields.shape.allow.unwrap().optional(),
  stdin: actionFields.shape.stdin.unwrap().optional(),
  /** The revision that was edited: another one in the meantime is a `conflict`. */
  revision: z.int().optional(),
});
export type ActionPatch = z.infer<typeof actionPatch>;

/** PUT /api/actions/order: every action's id, once. */
export const actionOrder = z.strictObject({ ids: z.array(actionId).max(10_000) });

// Users

export const username = z.string().regex(/^[A-Za-z0-9][\w.@-]{0,63}$/, 'letters, digits and . _ @ -, at most 64');
export const newPassword = z
  .string()
  .min(MIN_PASSWORD_CHARS, `at least ${MIN_PASSWORD_CHARS} characters`)
  .refine((text) => new TextEncoder().encode(text).length <= MAX_PASSWORD_BYTES, `at most ${MAX_PASSWORD_BYTES} bytes`);

export const userCreate = z.strictObject({ username, password: newPassword, role });
export type UserCreate = z.infer<typeof userCreate>;

export const userPatch = z.strictObject({
  username: username.optional(),
  password: newPassword.optional(),
  /** For a user's own password: a client always gives it, an admin whose login is older than 15 minutes too. */
  current_password: z.string().max(MAX_PASSWORD_BYTES).optional(),
  role: role.optional(),
  disabled: z.boolean().optional(),
});
export type UserPatch = z.infer<typeof userPatch>;

/** POST /api/login-links, at the local socket only. */
export const loginLinkCreate = z.strictObject({ username: z.string().min(1).max(200).optional() });

// Settings and audit

export const settingsPatch = z.strictObject({
  host_name: z.string().trim().min(1).max(80).optional(),
  scripts_dir: z.string().min(1).max(4096).optional(),
  ...ofEachNumber((name) => z.int().min(0).max(NUMBER_SETTINGS[name].most).optional()),
  when_output_full: whenOutputFull.optional(),
  env_allow: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'a name of a variable'))
    .max(100)
    .optional(),
});
export type SettingsPatch = z.infer<typeof settingsPatch>;

export const auditQuery = z.strictObject({
  ...page,
  /** An event, or the beginning of one: `user` finds `user.create`. */
  event: z.string().min(1).max(60).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  outcome: z.enum(['ok', 'refused']).optional(),
  /** Only what happened then or later. */
  since: z.iso.datetime({ offset: true }).optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;
