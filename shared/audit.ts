import * as z from 'zod';
import { pageQuery, time } from './api.ts';

/** The audit, as it crosses borders, and what may be asked about it. */

export const auditEntry = z.object({
  id: z.int(),
  time,
  /** The act: `login`, `run.start`, `user.create`, `settings.change`, … */
  event: z.string(),
  /** The username; null where nobody was known, as at a failed login. */
  user: z.string().nullable(),
  user_id: z.string().nullable(),
  address: z.string().nullable(),
  /** The thing that it was done to: an id or a name. */
  target: z.string().nullable(),
  outcome: z.enum(['ok', 'refused']),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** The findings of `GET /api/audit/verify`. Each class of entries is a chain of its own. */
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

export const auditQuery = z.strictObject({
  ...pageQuery,
  /** An event, or the beginning of one: `user` finds `user.create`. */
  event: z.string().min(1).max(60).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  outcome: z.enum(['ok', 'refused']).optional(),
  /** Only what happened then or later. */
  since: z.iso.datetime({ offset: true }).optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;
