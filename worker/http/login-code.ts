import { signedBy } from '../../shared/ed25519.ts';
import { fromBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { loginCodeClaims } from '../../shared/login-link-code.ts';
import type { HostRecord } from '../account/known-hosts.ts';

/** Later than this the host would refuse it anyway; our clocks may differ. */
const SLACK_MS = 5 * 60_000;

/**
 * Did this host make this code, a short while ago? What it did not make never reaches it, so a flood of made-up codes
 * costs it nothing; whether the code is still good, and for whom, the host knows alone.
 */
export async function isCodeOf(host: Pick<HostRecord, 'id' | 'public_key'>, code: string, now: number): Promise<boolean> {
  const [claims = '', signature = ''] = code.split('.');
  const bytes = bytesOf(claims);
  if (bytes === null || !(await signedBy(host.public_key, purposed('login-link', bytes), signature))) return false;
  const { iss, exp } = loginCodeClaims.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return iss === host.id && exp * 1000 + SLACK_MS > now;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fromBase64Url(text);
  } catch {
    return null;
  }
}
