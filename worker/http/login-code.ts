import { loginCodeClaims } from '../../shared/login-link-code.ts';
import type { HostRecord } from '../account/known-hosts.ts';
import { openStatement } from '../signed-statement.ts';

/** Later than this the host would refuse it anyway; our clocks may differ. */
const SLACK_MS = 5 * 60_000;

/**
 * Did this host make this code, a short while ago? What it did not make never reaches it, so a flood of made-up codes
 * costs it nothing; whether the code is still good, and for whom, the host knows alone.
 */
export async function isCodeOf(host: Pick<HostRecord, 'id' | 'public_key'>, code: string, now: number): Promise<boolean> {
  const claims = await openStatement(code, 'login-link', host.public_key, loginCodeClaims);
  return claims !== null && claims.iss === host.id && claims.exp * 1000 + SLACK_MS > now;
}
