import * as z from 'zod';
import { time } from './api.ts';
import { actionId } from './ids.ts';
import { inputValue } from './inputs.ts';
import { secretName } from './secrets.ts';
import { jobSummary, workspaceName } from './workflows.ts';

/**
 * Schedules of quick actions, and chains of two of them, as they cross borders. Both are definitions of a workspace of the host's own: a
 * schedule is a trigger there, a chain is a task.
 */

/** What becomes of times that passed while the host was away. */
export const catchUp = z.enum(['none', 'one', 'all']);

const inputName = z.string().max(40);
const cron = z.string().min(1).max(200);
const timezone = z.string().min(1).max(60);
const inputs = z.record(inputName, inputValue);
/** Stored secrets, by the input of the type “secret” that gets one. */
const secrets = z.record(inputName, secretName);

export const schedule = z.object({
  /** The workspace of its trigger, which is called as the schedule is. */
  workspace: workspaceName,
  name: z.string(),
  /** Of a chain: its first. */
  action: z.string(),
  /** The chain that it starts; null: the action alone. */
  chain: z.string().nullable(),
  /** The action's or the chain's; its id when it is gone. */
  label: z.string(),
  cron: z.string(),
  timezone: z.string(),
  catch_up: catchUp,
  inputs,
  secrets,
  enabled: z.boolean(),
  /** Its runs are this user's, with this user's rights: whoever saved it last. */
  user: z.string(),
  user_id: z.string(),
  next_fires: z.array(time),
  last_fired_at: time.nullable(),
  last_job: jobSummary.nullable(),
  /** Why it did not start the action the last time it should have, in a sentence. */
  error: z.string().nullable(),
  failed_at: time.nullable(),
  /** Why it would not start it now, in a sentence. */
  problem: z.string().nullable(),
  created_at: time,
});
export type Schedule = z.infer<typeof schedule>;

export const scheduleParams = z.object({ name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, 'the name of a schedule') });
const chainName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, 'the name of a chain’s task');

/** GET /api/schedules. */
export const schedulesQuery = z.strictObject({ action: actionId.optional(), chain: chainName.optional() });

const scheduleFields = z.strictObject({
  /** Five fields, or six with seconds first. */
  cron,
  /** An IANA name; absent: the host's own. */
  timezone: timezone.optional(),
  catch_up: catchUp.default('one'),
  inputs: inputs.default({}),
  secrets: secrets.default({}),
});

/** POST /api/schedules: of an action, or of a chain by the name of its task, whose answers are the task's. */
export const scheduleCreate = z.union([scheduleFields.extend({ action: actionId }), scheduleFields.extend({ chain: chainName })]);
export type ScheduleCreate = z.infer<typeof scheduleCreate>;

/** PATCH /api/schedules/:name. What is left out stays as it is. */
export const schedulePatch = z.strictObject({
  cron: cron.optional(),
  timezone: timezone.optional(),
  catch_up: catchUp.optional(),
  inputs: inputs.optional(),
  secrets: secrets.optional(),
});
export type SchedulePatch = z.infer<typeof schedulePatch>;

/** GET /api/schedules/next. */
export const nextQuery = z.strictObject({ cron, timezone: timezone.optional() });

/** When a schedule would fire; `problem` is what is wrong with it, in a sentence. */
export interface NextFires {
  timezone: string;
  items: string[];
  problem: string | null;
}

/** When the second action of a chain follows the first. */
export const chainWhen = z.enum(['success', 'always', 'failure']);
export type ChainWhen = z.infer<typeof chainWhen>;

/** POST /api/chains: a task of two steps. */
export const chainCreate = z.strictObject({ first: actionId, second: actionId, when: chainWhen.default('success') });
export type ChainCreate = z.infer<typeof chainCreate>;

/** GET /api/chains. */
export const chainsQuery = z.strictObject({ action: actionId.optional() });

export const chain = z.object({
  workspace: workspaceName,
  /** Of its task. */
  task: z.string(),
  /** As people call it. */
  title: z.string(),
  first: z.string(),
  second: z.string(),
  when: chainWhen,
  /** Why it can't run now, in a sentence. */
  problem: z.string().nullable(),
});
export type Chain = z.infer<typeof chain>;
