import * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import { taskId, uuid } from './ids.ts';
import { notAfter } from './in-time.ts';
import { MAX_ARGS } from './limits.ts';
import type { PluginLogLine, PluginSummary } from './plugins.ts';
import { pluginId } from './plugins.ts';
import { runInput } from './run-input.ts';
import type { RunState } from './run-state.ts';
import type { Run, RunNews } from './runs.ts';
import type { SystemSample } from './system.ts';
import { runSizeFields } from './terminal-size.ts';
import type { JobStepView, JobSummary } from './workflows.ts';

/**
 * The language of the browser's WebSocket (`GET /api/ws`): JSON text frames. The agent is the other end; the edge
 * carries. Fields are only ever added, so that an old page and a new host understand each other.
 */

/** A position in a run's merged output, in bytes. Where to go on reading. */
export const cursor = z.int().nonnegative();
export type Cursor = z.infer<typeof cursor>;

/** The topic to follow: one that a system of the host registers, such as `runs`; of one plugin where the topic is of one. */
const subscribed = { topic: z.string().min(1).max(40), plugin: pluginId.optional() };

const args = z.array(z.string()).max(MAX_ARGS);
const inputs = z.record(z.string(), z.unknown());

const runScript = z.object({
  type: z.literal('run'),
  script: z.string().min(1).max(1024),
  args: args.default([]),
  request_id: uuid.optional(),
  not_after: notAfter.optional(),
});
const runAction = z.object({
  type: z.literal('run'),
  action: z.string().min(1).max(64),
  inputs: inputs.default({}),
  request_id: uuid.optional(),
  not_after: notAfter.optional(),
});

/** The frames of a browser. */
export const clientFrame = z.discriminatedUnion('type', [
  z
    .object({
      type: z.literal('run'),
      script: z.string().min(1).max(1024).optional(),
      action: z.string().min(1).max(64).optional(),
      args: args.optional(),
      inputs: inputs.optional(),
      request_id: uuid.optional(),
      not_after: notAfter.optional(),
    })
    .transform((frame, context) => {
      const parsed =
        frame.action === undefined ? runScript.safeParse(frame) : frame.script === undefined ? runAction.safeParse(frame) : null;
      if (parsed?.success) return parsed.data;
      context.addIssue({ code: 'custom', message: 'either `script` (with `args`) or `action` (with `inputs`)' });
      return z.NEVER;
    }),
  z.object({ type: z.literal('cancel'), task_id: taskId, not_after: notAfter.optional() }),
  /** `from`: a cursor, 0 = from the beginning, "tail" = only what comes from now on. */
  z.object({ type: z.literal('attach'), task_id: taskId, from: z.union([cursor, z.literal('tail')]).default(0) }),
  z.object({ type: z.literal('detach'), task_id: taskId }),
  /** Cumulative: everything before `cursor` was taken in. Send one for every quarter to half window. */
  z.object({ type: z.literal('ack'), task_id: taskId, cursor }),
  /** `eof`: after `data` the script reads the end of its input. */
  z.object({ type: z.literal('input'), task_id: taskId, ...runInput.shape, not_after: notAfter.optional() }),
  /** The size of a run's terminal: the one that typed or resized last decides. */
  z.object({ type: z.literal('resize'), task_id: taskId, ...runSizeFields }),
  z.object({ type: z.literal('subscribe'), ...subscribed }),
  z.object({ type: z.literal('unsubscribe'), ...subscribed }),
  z.object({ type: z.literal('ping') }),
]);
export type ClientFrame = z.infer<typeof clientFrame>;
export type ClientFrameInput = z.input<typeof clientFrame>;

/** The frames to a browser. */
export type ServerFrame =
  /**
   * The first frame of a connection. `window`: how many bytes of output a viewer may leave unacknowledged. `time`: the
   * host's clock as it says this, which all times of runs and each `not_after` are told by.
   */
  | { type: 'hello'; protocol: number; version: string; window: number; time: string }
  | { type: 'started'; task_id: string; request_id: string | null; state: RunState }
  /** `cursor`: where to resume after this frame. */
  | { type: 'stdout'; task_id: string; data: string; cursor: Cursor }
  | { type: 'stderr'; task_id: string; data: string; cursor: Cursor }
  | { type: 'exit'; task_id: string; code: number | null; signal: string | null }
  | { type: 'cancelled'; task_id: string }
  | { type: 'gap'; task_id: string; from: Cursor; to: Cursor }
  /** Answers `attach`: output follows from `cursor` on. */
  | { type: 'attached'; task_id: string; cursor: Cursor; window: number; run: Run }
  /** More viewers came: from now on this is the window of all that this connection watches. */
  | { type: 'window'; window: number }
  | { type: 'detached'; task_id: string }
  | { type: 'run'; run: RunNews }
  /** On `jobs`. */
  | { type: 'job'; job: JobSummary }
  | { type: 'job_step'; job_id: string; step: JobStepView }
  | { type: 'system'; sample: SystemSample }
  | { type: 'subscribed'; topic: string; plugin?: string }
  | { type: 'unsubscribed'; topic: string; plugin?: string }
  /** On `plugins`: one that came, changed or went (`missing`). */
  | { type: 'plugin'; plugin: PluginSummary }
  /** On `plugin`: what the plugin says to its pages. */
  | { type: 'plugin_event'; plugin: string; name: string; data: unknown }
  | { type: 'plugin_log'; plugin: string; lines: PluginLogLine[] }
  /** With a task_id also the ends that are neither `exit` nor `cancelled`: `timed_out` (an `exit` follows), `interrupted`, `run_refused`. */
  | { type: 'error'; code: ErrorCode; data: string; task_id?: string; terminal_id?: string; request_id?: string; input?: string }
  /** The host is away, and the edge keeps the run for it, as was asked for with `"when_away":"queue"`. */
  | { type: 'queued'; request_id: string; expires_at: string }
  /** The runs that wait for the host, or their results, changed: `pending_runs` of GET /api/hosts. */
  | { type: 'pending' }
  /** Another build of the page is served by now; this one still works. */
  | { type: 'reload' }
  | { type: 'host'; online: boolean; last_seen: string | null }
  | { type: 'pong' };
