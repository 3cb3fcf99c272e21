import * as z from 'zod';
import type { ClaimAnswer } from '../../shared/claim.ts';
import { claimAnswer, claimStatement } from '../../shared/claim.ts';
import { randomHex, toBase64Url } from '../../shared/encoding.ts';
import { isErrorCode, ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import type { RecoveryAnswer } from '../../shared/recovery.ts';
import { recoveryAnswer, recoveryStatement } from '../../shared/recovery.ts';
import { readCode } from '../../shared/setup-code.ts';
import type { Identity } from '../link/identity.ts';
import { StartError } from '../start-error.ts';

/** An edge that has not answered by then does not. */
const ANSWER_MS = 20_000;
const refused = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) });

/**
 * Claims a fresh edge: from then on this host is its home host, and may dial in. To be asked for where `POST /api/pair` answered `unclaimed`.
 * @param edge its address, as `TORU_EDGE_URL` has it. @param self the host's instance id, and the name that the edge shows for it.
 * @param setupCode what the person typed, or what stands in a file; never from a command line's words.
 * @returns the recovery code among others: print it once, nobody keeps it.
 * @throws ToruError `claim_refused` (wrong or used code, or the edge has none), `too_many_attempts` with `extra.retry_after` in seconds,
 * `bad_request` for what is no setup code: nothing was sent then. StartError where nobody answers, or not as Toru does.
 */
export async function claimEdge(
  edge: string,
  identity: Pick<Identity, 'publicKey' | 'sign'>,
  self: { id: string; name: string },
  setupCode: string,
): Promise<ClaimAnswer> {
  const setup_code = readCode(setupCode);
  if (setup_code === null)
    throw new ToruError(
      'bad_request',
      'That is no setup code: one of its 28 letters and digits is wrong or missing. “toru deploy” printed it, as XXXX-XXXX-…',
    );
  const { origin } = new URL(edge);
  const claim = { host: self.id, public_key: toBase64Url(identity.publicKey), name: self.name, nonce: randomHex(32) };
  const signature = toBase64Url(identity.sign(purposed('claim', claimStatement(claim, origin))));
  return ask(edge, '/api/claim', { ...claim, setup_code, signature }, claimAnswer);
}

/**
 * Takes the place of the home host of that edge, which was lost. From then on the code whose hash `to.next` is recovers it.
 * @param to the installation whose home host was restored here; null: nothing was restored. @param recoveryCode as `claimEdge` has it.
 * @throws ToruError claim_refused, too_many_attempts, conflict (another installation's, or the home host itself), bad_request; StartError as `claimEdge`.
 */
export async function recoverEdge(
  edge: string,
  identity: Pick<Identity, 'publicKey' | 'sign'>,
  to: { id: string; name: string; installation: string | null; next: string },
  recoveryCode: string,
): Promise<RecoveryAnswer> {
  const recovery_code = readCode(recoveryCode);
  if (recovery_code === null)
    throw new ToruError(
      'bad_request',
      'That is no recovery code: one of its 28 letters and digits is wrong or missing. It was printed when the edge was claimed, as XXXX-XXXX-…',
    );
  const { id: host, name, installation, next } = to;
  const request = { host, public_key: toBase64Url(identity.publicKey), name, installation, next, nonce: randomHex(32) };
  const signature = toBase64Url(identity.sign(purposed('recover', recoveryStatement(request, new URL(edge).origin))));
  return ask(edge, '/api/recover', { ...request, recovery_code, signature }, recoveryAnswer);
}

async function ask<T>(edge: string, path: string, request: object, schema: z.ZodType<T>): Promise<T> {
  const { origin } = new URL(edge);
  const { status, text } = await post(new URL(path, origin), request);
  const body = parseJsonOrNull(text);
  const answer = schema.safeParse(body);
  if (status === 200 && answer.success) return answer.data;
  const refusal = refused.safeParse(body);
  if (!refusal.success || !isErrorCode(refusal.data.error.code))
    throw new StartError(`${origin} answered ${status}, and not as Toru does. Is the address right?`);
  const { code, message, ...extra } = refusal.data.error;
  if (code === 'not_found')
    throw new StartError(
      `${origin} takes no claim: it is the edge of one machine, or an older one. Run “toru deploy” again, or pair instead.`,
    );
  throw new ToruError(code, message, { extra });
}

async function post(url: URL, body: object): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url.origin },
      body: JSON.stringify(body),
      // What was meant for this address goes to no other.
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    const { cause } = error instanceof Error ? error : {};
    const why = cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error);
    throw new StartError(`No answer from ${url.origin}: ${why}. Is the address right, and this machine online?`);
  }
}
