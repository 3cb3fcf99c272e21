import * as z from 'zod';
import { time } from './api.ts';
import { userId } from './ids.ts';
import { MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS } from './limits.ts';

/** Users, as they cross borders, and what may be set on them. */

export const role = z.enum(['admin', 'client']);
export type Role = z.infer<typeof role>;

export const user = z.object({
  id: userId,
  username: z.string(),
  role,
  disabled: z.boolean(),
  created_at: time,
  last_login_at: time.nullable(),
});
export type User = z.infer<typeof user>;

export const userParams = z.object({ id: userId });

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

/** The answer of POST /api/login-links: the link is `<origin>/login#code=<code>`. */
export interface LoginLink {
  code: string;
  username: string;
  expires_at: string;
  /** Where browsers reach the page; null when the agent does not know. */
  origin: string | null;
}

/** POST /api/login-links, at the local socket only. */
export const loginLinkCreate = z.strictObject({ username: z.string().min(1).max(200).optional() });

/** What POST /api/login-links/devices answers: a code for another device of one's own, which is let in by a PUT on its id. */
export interface DeviceCode {
  id: string;
  code: string;
  expires_at: string;
}

/** `open`: nobody came with it yet. `asks`: a device did, and waits. `gone`: used, refused, too old, or never there. */
export interface DeviceCodeState {
  state: 'open' | 'asks' | 'allowed' | 'gone';
  /** Who came with it. */
  device: { address: string; user_agent: string } | null;
}

export const deviceCodeParams = z.strictObject({ id: z.uuid() });
export const deviceCodeDecision = z.strictObject({ allow: z.boolean() });
