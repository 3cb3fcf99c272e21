import * as z from 'zod';
import { grantToken } from './grant.ts';
import { hostId, sid } from './ids.ts';
import { loginCode } from './login-link-code.ts';

/** The edge's own requests to the host, below `/link/`: at login, renewal and logout. No caller: the link proves who asks. */

/** Somebody logs in. `sid` is the hash of the token that the edge will give them. */
export const loginRequest = z.object({
  username: z.string().max(200),
  password: z.string(),
  sid,
  address: z.string().max(64),
  user_agent: z.string().max(300),
});
export type LoginRequest = z.infer<typeof loginRequest>;

/** What a page makes up when it comes with a code: whoever came first with it is the one who is let in. */
export const deviceKey = z.uuid();

/** Somebody has a login link. */
export const linkLoginRequest = loginRequest
  .omit({ username: true, password: true })
  .extend({ code: loginCode, device: deviceKey.optional() });
export type LinkLoginRequest = z.infer<typeof linkLoginRequest>;

export const renewRequest = z.object({ grant: grantToken });
/** A session of this home host wants to use a member: a grant for that host, which lives for `grant_minutes`. */
export const memberGrantRequest = z.object({ grant: grantToken, aud: hostId });
export const logoutRequest = z.object({ sid });
