import type { Next } from 'hono';
import { Hono } from 'hono';
import type { ClaimAnswer } from '../../shared/claim.ts';
import { claimRequest, claimStatement } from '../../shared/claim.ts';
import { signedBy } from '../../shared/ed25519.ts';
import { sha256Hex } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import type { RecoveryAnswer } from '../../shared/recovery.ts';
import { recoveryRequest, recoveryStatement } from '../../shared/recovery.ts';
import { readCode } from '../../shared/setup-code.ts';
import { accountOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { readSmall } from './read-body.ts';

/**
 * The first host of a fresh deployment, and the one that takes its place when it is lost. An edge on one's own machine gets its host from
 * whoever starts it: it has no such routes, or a local user could enrol first.
 */
export const claimRoutes = new Hono<EdgeEnv>()
  .use('/api/claim', onlyPostElsewhere)
  .use('/api/recover', onlyPostElsewhere)
  .all('/api/claim', async (c) => {
    const request = await readSmall(c.req.raw, claimRequest, EXPECTED);
    const account = accountOf(c.env);
    unwrap(await account.claimOpen());
    const code = readCode(request.setup_code);
    // A slip of the hand costs no try.
    if (code === null) throw new ToruError('bad_request', 'That is no setup code: one of its 28 letters and digits is wrong or missing.');
    const { host, public_key, name } = request;
    await requireSigned(request, purposed('claim', claimStatement(request, c.get('site').origin)));
    return c.json<ClaimAnswer>(unwrap(await account.claim(await sha256Hex(code), { id: host, public_key, name })));
  })
  .all('/api/recover', async (c) => {
    const request = await readSmall(c.req.raw, recoveryRequest, EXPECTED);
    const account = accountOf(c.env);
    unwrap(await account.recoveryOpen());
    const code = readCode(request.recovery_code);
    if (code === null)
      throw new ToruError('bad_request', 'That is no recovery code: one of its 28 letters and digits is wrong or missing.');
    const { host, public_key, name, next, installation } = request;
    await requireSigned(request, purposed('recover', recoveryStatement(request, c.get('site').origin)));
    return c.json<RecoveryAnswer>(unwrap(await account.recover(await sha256Hex(code), next, { id: host, public_key, name }, installation)));
  });

const EXPECTED = 'What a host says of itself is expected. Is its Toru as new as this edge?';

async function onlyPostElsewhere(c: EdgeContext, next: Next): Promise<void> {
  if (c.env.EMBEDDED === '1') throw new ToruError('not_found', 'There is nothing at this address.');
  if (c.req.method !== 'POST') throw new ToruError('method_not_allowed', 'This address takes POST.', { extra: { allow: 'POST' } });
  await next();
}

/** @throws ToruError bad_request */
async function requireSigned(
  { public_key, signature }: { public_key: string; signature: string },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (!(await signedBy(public_key, bytes, signature)))
    throw new ToruError('bad_request', 'The signature is not that of this key, over this address. Ask the edge under its own name.');
}
