import * as z from 'zod';
import type { ErrorCode } from '../../shared/errors.ts';
import { isErrorCode } from '../../shared/errors.ts';
import { grantToken } from '../../shared/grant.ts';
import { taskId, userId } from '../../shared/ids.ts';
import { role } from '../../shared/users.ts';

/** What the host answers to what the edge asks for itself (`/link/…`). */

/** ms since 1970. */
const time = z.int();

export const loginAnswer = z.object({
  grant: grantToken,
  user: z.object({ id: userId, username: z.string(), role }),
  auth_time: time,
  expires_at: time,
});
export type LoginAnswer = z.infer<typeof loginAnswer>;

export const renewAnswer = z.object({ grant: grantToken, expires_at: time });

/** To a run that waited. */
export const startedAnswer = z.object({ task_id: taskId });

export const errorAnswer = z.object({
  error: z.object({ code: z.custom<ErrorCode>(isErrorCode), message: z.string(), retry_after: z.number().optional() }),
});
