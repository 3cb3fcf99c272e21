import * as z from 'zod';
import { time } from './api.ts';
import { hostId, sessionId, userId } from './ids.ts';
import { role } from './users.ts';

/** Sessions, as the edge shows them. */

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

/** GET /api/me. `role` is what the agent said at login; the page hides by it, the agent decides again. */
export const me = z.object({
  user: z.object({ id: userId, username: z.string(), role }),
  session: session.pick({ id: true, created_at: true, expires_at: true }).extend({ auth_time: time }),
  /** The default host; null while the edge knows of none. */
  host: hostId.nullable(),
});
export type Me = z.infer<typeof me>;
