import * as z from 'zod';
import { numberIn, pageQuery, time } from './api.ts';
import { hostId, taskId, uuid } from './ids.ts';
import { notAfter } from './in-time.ts';
import { inputValue } from './inputs.ts';
import { MAX_ARGS, MAX_NOTE_CHARS, MAX_OUTPUT_READ, MAX_PENDING_S } from './limits.ts';
import type { RunResult } from './run-state.ts';
import { RUN_RESULTS, RUN_STATES } from './run-state.ts';

/** Runs, as they cross borders, and what may be asked about them. */

export const runState = z.enum(RUN_STATES);

/** Where a run was asked from; `schedule`: of its action. */
export const runSource = z.enum(['page', 'api', 'cli', 'plugin', 'workflow', 'schedule']);
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
  inputs: z.record(z.string(), inputValue),
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
  /** The size of its output on the host's disk, once it is compressed as far as it can be; null before. */
  disk_bytes: z.int().nullable(),
  /** Does the script read what a viewer types? */
  stdin: z.boolean(),
  /** Its script has a terminal of its own: what is typed shows as the terminal shows it. Absent otherwise. */
  tty: z.boolean().optional(),
  /** The script has ended, and the last of what it printed is still waited for: `running` goes on till then. Absent otherwise. */
  finishing: z.boolean().optional(),
  /** The script has read all that was typed into it, and waits for more. Absent otherwise, and where the host can't tell. */
  waiting_for_input: z.boolean().optional(),
  /** While it waits: its terminal does not show what is typed, as for a password. Absent otherwise. */
  input_hidden: z.boolean().optional(),
  /** Somebody has cancelled it, and it has not ended yet. Absent otherwise. */
  stopping: z.boolean().optional(),
  /** Of a queued run: how many turns till its own, 1 = it is next. */
  queue_place: z.int().optional(),
  /** The note of somebody who sees the run; absent when nobody did. Plain text. */
  note: z.string().optional(),
  /** The newest line that it shows; only in a list that was asked for with `last_line`. */
  last_line: z.string().optional(),
});
export type Run = z.infer<typeof run>;

/** A run as the edge keeps it for when the host is away: no script, no args, no inputs, no output. */
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

/** A change of a run, as who follows the runs gets it. The edge passes the note and the waiting on, and keeps neither. */
export type RunNews = RunSummary & Pick<Run, 'note' | 'stopping' | 'waiting_for_input' | 'input_hidden'>;

export const taskParams = z.object({ id: taskId });

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

export const states = z
  .string()
  .max(100)
  .transform((text) => text.split(','))
  .pipe(z.array(runState).min(1));

const results = z
  .string()
  .max(100)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(RUN_RESULTS)).min(1));

/** A moment as whoever asks writes it: with any offset. As ms since 1970. */
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Which runs of the history are meant. `status` and `result` are one word, or several with commas between. */
const runsFilter = {
  status: states.optional(),
  result: results.optional(),
  action: z.string().min(1).max(64).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  /** Text to find in label, script, inputs, arguments and note. */
  q: z.string().max(200).optional(),
  /** Made at this time or later … */
  since: moment.optional(),
  /** … and before this one. */
  until: moment.optional(),
};

/** GET /api/runs. */
export const runsQuery = z.strictObject({
  ...pageQuery,
  ...runsFilter,
  /** `longest`: those that ended, by how long they ran. */
  sort: z.enum(['newest', 'longest']).default('newest'),
  /** With the newest line of each. At most 50 runs then. */
  last_line: z.enum(['true', 'false']).optional(),
});

/** GET /api/runs/export. */
export const runsExportQuery = z.strictObject({ ...runsFilter, format: z.enum(['csv', 'json']).default('csv') });

/** GET /api/runs/totals: of the runs that have ended. */
export const runsTotalsQuery = z.strictObject(runsFilter);

/** How many runs a clean-up would remove, and what their output takes on the disk. */
export interface RunsTotals {
  runs: number;
  bytes: number;
  /** Runs that ended later are not counted, and not removed by the clean-up that names this time. */
  before: string;
}

/** POST /api/runs/clean-up: the filters of the totals, and what they answered. */
export const runsCleanUp = z.strictObject({
  ...runsFilter,
  runs: z.int().min(1),
  before: moment,
});

/** GET /api/runs/trend: how the newest runs of an action went. */
export const runsTrendQuery = z.strictObject({ action: z.string().min(1).max(64) });

export interface RunsTrend {
  /** So many of the newest ended runs stand behind the figures. */
  runs: number;
  succeeded: number;
  /** Of those that ran, in milliseconds; null when none did. */
  p50_ms: number | null;
  p95_ms: number | null;
  /** The newest of them, oldest first. */
  items: { task_id: string; created_at: string; result: RunResult; duration_ms: number | null }[];
}

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
