import * as z from 'zod';
import { shallowJson } from '../json.ts';
import type { Action, Hook, Task } from './definition.ts';

/**
 * A job: one execution of a task. Its state is what the reducer (reduce.ts) makes of its events, in order, and of nothing else:
 * time, ids and chance come in with the events, and what is to be done goes out as effects.
 */

/** A value of the language. */
export type Json = z.core.util.JSONType;

/** What a job is pinned to: its task, and every action that the task's steps and hooks name. */
export interface Plan {
  workspace: string;
  revision: string;
  task_name: string;
  task: Task;
  actions: Record<string, Action>;
  /** What is fired for a job of no parent whose task has no hooks of that kind. */
  workspace_hooks: { on_success: Hook[]; on_error: Hook[] };
}

export const jobState = z.enum(['pending', 'running', 'suspended', 'completed', 'failed', 'cancelled', 'skipped']);
export type JobState = z.infer<typeof jobState>;

export const stepState = z.enum(['pending', 'ready', 'running', 'suspended', 'completed', 'failed', 'cancelled', 'skipped']);
export type StepState = z.infer<typeof stepState>;

export const jobSource = z.enum(['page', 'api', 'cli', 'trigger', 'webhook', 'hook', 'task', 'rerun']);
export type JobSource = z.infer<typeof jobSource>;

/** What a step has in common with one instance of a step with `for_each`. Ended states are `completed failed cancelled skipped`. */
const attempts = {
  state: stepState,
  /** 0: not begun. Counts on with each retry and each re-run. */
  attempt: z.int(),
  /** Of this attempt; absent in a step that has none. */
  started_at: z.number().optional(),
  ended_at: z.number().optional(),
  /** Of the last attempt; of a step with `for_each` the list of its instances' outputs, null where there is none. */
  output: shallowJson.optional(),
  error: z.string().optional(),
  /** When the next attempt begins, in a step that waits for it (state `ready`). */
  retry_at: z.number().optional(),
  /** Attempts that a retry may still begin. */
  retries_left: z.int(),
  /** Ready, and begun when the host is back. */
  held: z.literal(true).optional(),
  /** The sentence of why this attempt fails whenever it ends: it was too slow, or said too much. */
  doomed: z.string().optional(),
  /** Ready, and no host can take it: what it needs that none has. It is waited for until the timer `unmatched`. */
  lacks: z.array(z.string()).optional(),
  /** Of an approval: who answered. */
  answered_by: z.string().optional(),
};

/** One of `for_each`, called `<step>[<index>]` in events and effects. */
export const jobInstance = z.object({ ...attempts, item: shallowJson });
export type JobInstance = z.infer<typeof jobInstance>;

/** So many instances stand in a page: an event copies one page, not ten thousand instances. */
export const PAGE = 100;

export const jobStep = z.object({
  name: z.string(),
  ...attempts,
  /** Dependencies that have not ended. */
  waits_for: z.int(),
  /** Only of a step with `for_each` that was expanded; `open`: instances that have not ended. */
  loop: z.object({ size: z.int(), open: z.int(), pages: z.array(z.array(jobInstance)) }).optional(),
});
export type JobStep = z.infer<typeof jobStep>;

export const job = z.object({
  id: z.string(),
  state: jobState,
  input: z.record(z.string(), shallowJson),
  /** What jobs of the task before this one left, and its own steps since. */
  task_state: z.record(z.string(), shallowJson),
  source: jobSource,
  /** How many jobs it stands below. */
  depth: z.int(),
  /** How many jobs of the task's own retry went before it. */
  retry: z.int(),
  /** How often it was run again (`rerun_from`). */
  round: z.int(),
  created_at: z.number(),
  started_at: z.number().optional(),
  ended_at: z.number().optional(),
  error: z.string().optional(),
  /** In the order of the flow; `findStep` (steps.ts) looks one up. */
  steps: z.array(jobStep),
  /** Steps that have not ended; steps and instances that are ready or running; those that wait for an answer. */
  counts: z.object({ open: z.int(), active: z.int(), suspended: z.int() }),
  /** Characters of JSON in inputs, items and outputs (`MAX_JOB_SIZE`). */
  size: z.int(),
  /** A cancel that is under way: the sentence of its reason. */
  cancelling: z.string().optional(),
  /** The host that runs its steps is away: nothing is begun. */
  host_lost: z.boolean(),
});
export type Job = z.infer<typeof job>;

export const MAX_JOB_SIZE = 4 * 1024 * 1024;
export const MAX_OUTPUT_SIZE = 256 * 1024;
export const MAX_INSTANCES = 10_000;
export const MAX_DEPTH = 10;

/** How an attempt ended. */
export const outcome = z.enum(['completed', 'failed', 'cancelled']);
export type Outcome = z.infer<typeof outcome>;

const at = { /** Milliseconds since 1970; never before that of the event before it. */ at: z.number() };
const ofStep = { step: z.string(), attempt: z.int() };

export const flowEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('created'),
    ...at,
    id: z.string(),
    input: z.record(z.string(), shallowJson),
    source: jobSource,
    depth: z.int().default(0),
    retry: z.int().default(0),
    /** The task's state (`state.*`), which conditions may read. */
    state: z.record(z.string(), shallowJson).default({}),
  }),
  z.object({ type: z.literal('step_started'), ...at, ...ofStep }),
  /** No host that is known has these of the tags that a ready step needs. It is begun when one has. */
  z.object({ type: z.literal('unmatched'), ...at, ...ofStep, lacks: z.array(z.string()).min(1), has: z.array(z.string()) }),
  z.object({ type: z.literal('output'), ...at, ...ofStep, output: shallowJson }),
  z.object({
    type: z.literal('step_ended'),
    ...at,
    ...ofStep,
    outcome,
    output: shallowJson.optional(),
    error: z.string().optional(),
    /** What it wrote down for steps and jobs after it (`STATE:`): goes over what there is, name by name. */
    state: z.record(z.string(), shallowJson).optional(),
    /** From 0 to 1: the chance of a retry's jitter. */
    chance: z.number().optional(),
  }),
  z.object({
    type: z.literal('child_ended'),
    ...at,
    ...ofStep,
    outcome,
    output: shallowJson.optional(),
    error: z.string().optional(),
    chance: z.number().optional(),
  }),
  z.object({ type: z.literal('timer'), ...at, timer: z.string() }),
  z.object({ type: z.literal('cancel'), ...at, reason: z.string() }),
  z.object({ type: z.literal('approved'), ...at, step: z.string(), by: z.string(), input: shallowJson.optional() }),
  z.object({ type: z.literal('rejected'), ...at, step: z.string(), by: z.string(), reason: z.string().default('') }),
  z.object({ type: z.literal('host_lost'), ...at }),
  z.object({ type: z.literal('host_back'), ...at }),
  /** From this step on, with all that depend on it; null: all that did not complete. */
  z.object({ type: z.literal('rerun_from'), ...at, step: z.string().nullable() }),
]);
export type FlowEvent = z.infer<typeof flowEvent>;

/**
 * `key`: the same effect of a job has the same key, however often it is asked for, and is done once (a driver makes a request
 * id of it). After the host is back, effects of before are asked for again.
 */
export type FlowEffect = { key: string } & (
  | { type: 'start_step'; step: string; attempt: number }
  | { type: 'cancel_step'; step: string; attempt: number }
  /** A step of an action of type `task`: the child's input is rendered by the driver, as a step's is. */
  | { type: 'start_child'; step: string; attempt: number; task: string }
  | { type: 'cancel_child'; step: string; attempt: number }
  /** An approval: somebody is asked. A driver that can't ask (its message does not render) ends the attempt with `step_ended`. */
  | { type: 'ask'; step: string; attempt: number }
  /** `timer`: `step:<name>:<attempt>:` and `timeout`, `unmatched` or `retry` (after this attempt); `job:timeout`. */
  | { type: 'set_timer'; timer: string; due: number }
  | { type: 'clear_timer'; timer: string }
  | { type: 'fire_hooks'; on: 'on_success' | 'on_error' | 'on_cancel' | 'on_suspended'; hooks: Hook[] }
  /** The task's own retry: a new job, created at this time with `retry` one more than this job's. */
  | { type: 'retry_job'; due: number; retry: number }
  | { type: 'finish'; state: 'completed' | 'failed' | 'cancelled' | 'skipped' }
);

export const isEnded = (state: StepState | JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'skipped';
