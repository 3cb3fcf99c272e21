import { Hono } from 'hono';
import { signedBy } from '../../shared/ed25519.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { networkOf } from '../../shared/network-of.ts';
import type { PairAnswer, PairRequest, PairTokenAnswer } from '../../shared/pairing.ts';
import { PAIR_INTERVAL_S, PAIR_LIFE_S, pairRequest, pairStatement, pairTokenRequest, pairWithdrawal } from '../../shared/pairing.ts';
import type { HostRecord } from '../account/known-hosts.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { homeOf } from './home-of.ts';
import { readSmall } from './read-body.ts';

/**
 * A host asks to become a member (RFC 8628). It has no session: what it says is passed on to the home host, which checks it, shows it to
 * an admin, and signs. The edge only keeps count.
 */
export const pairRoutes = new Hono<EdgeEnv>()
  .post('/api/pair', async (c) => {
    const request = await readSmall(c.req.raw, pairRequest, 'What a host says of itself is expected. Is its Toru as new as this edge?');
    const { origin } = c.get('site');
    const home = await firstHost(c);
    const account = accountOf(c.env);
    const address = c.get('address').slice(0, 64);
    const { host, public_key } = request;
    // As after a claim whose answer was lost on its way: it would wait for its own approval.
    if (host === home.id && public_key === home.public_key)
      throw new ToruError(
        'conflict',
        `This host is the home host of ${origin} itself. Start its agent: TORU_EDGE_URL=${origin} toru agent, or: toru service install --edge ${origin}`,
      );
    await requireSigned(request, origin);
    const codes = unwrap(await account.beginPairing({ host, public_key, network: networkOf(address) }));
    const facts = await hostOf(c.env, home.id).pair({ user_code: codes.user_code, address, origin, request });
    if (facts.ok) await account.pairingTaken(codes.user_code, { host, public_key });
    else await account.dropPairing(codes.user_code);
    return c.json<PairAnswer>({
      ...codes,
      verification_uri: `${origin}/pair`,
      verification_uri_complete: `${origin}/pair?code=${codes.user_code}`,
      interval: PAIR_INTERVAL_S,
      expires_in: PAIR_LIFE_S,
      installation: await account.installation(),
      home: unwrap(facts),
    });
  })
  .post('/api/pair/token', async (c) => {
    const { device_code, secret } = await readSmall(c.req.raw, pairTokenRequest, 'The device code of a request to pair is expected.');
    const home = unwrap(await homeOf(c));
    const account = accountOf(c.env);
    const state = unwrap(await account.pairingAsked(device_code));
    if (!state.revealed) {
      unwrap(await hostOf(c.env, home.id).pairSecret({ user_code: state.user_code, secret }));
      await account.pairingRevealed(state.user_code);
    }
    return c.json<PairTokenAnswer>(unwrap(await account.pairingToken(state)));
  })
  /** Who holds the device code ends its own request; nobody learns by it whether there was one. */
  .post('/api/pair/withdraw', async (c) => {
    const { device_code } = await readSmall(c.req.raw, pairWithdrawal, 'The device code of a request to pair is expected.');
    const user_code = await accountOf(c.env).withdrawPairing(device_code);
    const home = await homeOf(c);
    // A home host that is away forgets it by itself, after ten minutes.
    if (user_code !== null && home.ok) await hostOf(c.env, home.value.id).pairWithdrawn({ user_code });
    return c.body(null, 204);
  });

/**
 * Asked here as well as at the home host, which decides: what nobody signed takes no place, and drops no request of the host that it names.
 * @throws ToruError access_denied
 */
async function requireSigned(request: PairRequest, origin: string): Promise<void> {
  if (!(await signedBy(request.public_key, purposed('pair', pairStatement(request, origin)), request.signature)))
    throw new ToruError('access_denied', 'The request was not signed by the host that it names, for this address.');
}

/** @throws ToruError unclaimed */
async function firstHost(c: EdgeContext): Promise<HostRecord> {
  const home = await homeOf(c);
  if (home.ok) return home.value;
  throw new ToruError('unclaimed', 'No host belongs to this edge yet. The first one claims it with the setup code of “toru deploy”.');
}
