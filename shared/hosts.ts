import * as z from 'zod';
import { time } from './api.ts';
import { hostId, taskId, userId } from './ids.ts';
import { runSummary } from './runs.ts';
import { role } from './users.ts';
import { keptOfHook } from './webhooks.ts';

/** Hosts, as the edge shows them, and what it keeps for one that is away. */

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
  /** Does it know the users and sign for the installation? The others are its members. */
  home: z.boolean(),
  /** `unknown`: the edge's object of this host did not answer within 300 ms; then `online` is false, and there are no runs. */
  presence: z.enum(['online', 'away', 'unknown']),
  online: z.boolean(),
  /** The asker's on this host, as the home host named it; null until their session opened this host. */
  role: role.nullable(),
  last_seen: time.nullable(),
  version: z.string().nullable(),
  /** The last known runs that the asker may see: what the page shows while the host is away. */
  recent_runs: z.array(runSummary),
  /** The pending runs that the asker may see, oldest first. */
  pending_runs: z.array(pendingRun),
  /** For admins: requests to its hooks that wait for it, by hook. An older edge keeps none. */
  kept_webhooks: z.array(keptOfHook).optional(),
  /** For admins: the last agent that came with this host's key while the host was linked, and was refused; null after a day. */
  duplicate: z.object({ at: time, address: z.string(), name: z.string() }).nullish(),
});
export type Host = z.infer<typeof host>;
