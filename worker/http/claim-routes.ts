import { Hono } from 'hono';
import type { ClaimAnswer } from '../../shared/claim.ts';
import { claimRequest, claimStatement } from '../../shared/claim.ts';
import { signedBy } from '../../shared/ed25519.ts';
import { sha256Hex } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { readCode } from '../../shared/setup-code.ts';
import { accountOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeEnv } from './edge-context.ts';
import { readSmall } from './read-body.ts';

/**
 * The first host of a fresh deployment. An edge on one's own machine gets its host from whoever starts it: it has no such route, or a
 * local user could enrol first.
 */
export const claimRoutes = new Hono<EdgeEnv>().all('/api/claim', async (c) => {
  if (c.env.EMBEDDED === '1') throw new ToruError('not_found', 'There is nothing at this address.');
  if (c.req.method !== 'POST') throw new ToruError('method_not_allowed', 'This address takes POST.', { extra: { allow: 'POST' } });
  const request = await readSmall(c.req.raw, claimRequest, 'What a host says of itself is expected. Is its Toru as new as this edge?');
  const account = accountOf(c.env);
  unwrap(await account.claimOpen());
  const code = readCode(request.setup_code);
  // A slip of the hand costs no try.
  if (code === null) throw new ToruError('bad_request', 'That is no setup code: one of its 28 letters and digits is wrong or missing.');
  const { host, public_key, name } = request;
  if (!(await signedBy(public_key, purposed('claim', claimStatement(request, c.get('site').origin)), request.signature)))
    throw new ToruError('bad_request', 'The signature is not that of this key, over this address. Ask the edge under its own name.');
  return c.json<ClaimAnswer>(unwrap(await account.claim(await sha256Hex(code), { id: host, public_key, name })));
});
