import { createHmac, randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { toBase64Url } from '../../../shared/encoding.ts';
import { ToruError } from '../../../shared/errors.ts';
import { purposed } from '../../../shared/grant.ts';
import type { inviteToken, PairAnswer, PairRequest, PairTokenAnswer } from '../../../shared/pairing.ts';
import { pairAnswer, pairStatement, pairTokenAnswer } from '../../../shared/pairing.ts';
import { VERSION } from '../../../shared/version.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { commitmentOf, words } from '../../hosts/words.ts';
import type { Identity } from '../../link/identity.ts';
import { StartError } from '../../start-error.ts';
import { EdgeUnreachable, postTo } from './edge-post.ts';

/** A request to pair that the home host has: what a person compares, and what `waitForApproval` goes on with. */
export interface PendingRequest {
  answer: PairAnswer;
  words: string[];
  /** Our nonce, hex. */
  secret: string;
}

export type Invite = z.infer<typeof inviteToken>;

interface Asker {
  id: string;
  name: string;
  identity: Pick<Identity, 'publicKey' | 'sign'>;
}

/** A member whose clock is off by more refuses every grant that its home host signs. */
const MAX_CLOCK_MS = 60_000;
/** Whoever stops it waits for that. */
const WITHDRAW_MS = 2_000;
/** RFC 8628, section 3.5. */
const SLOWER_S = 5;

/** Asks the edge to be paired. @throws ToruError, StartError: nothing was changed, in one sentence with the next step. */
export async function askToPair(edge: EdgeLocation, host: Asker, invite: Invite | null, signal: AbortSignal): Promise<PendingRequest> {
  const secret = randomBytes(32).toString('hex');
  const key = toBase64Url(host.identity.publicKey);
  const facts = {
    host: host.id,
    public_key: key,
    name: host.name,
    os_user: userInfo().username.slice(0, 64) || 'unknown',
    platform: `${process.platform} ${process.arch}`,
    version: VERSION,
    nonce: commitmentOf(secret),
  };
  const statement = pairStatement(facts, edge.origin);
  const request: PairRequest = {
    ...facts,
    ...(invite === null ? {} : { invite: { id: invite.id, mac: macOf(invite, statement) } }),
    signature: toBase64Url(host.identity.sign(purposed('pair', statement))),
  };
  const { value: answer, now } = await refusedInWords(edge, () => postTo(edge, '/api/pair', request, pairAnswer, signal));
  if (now !== null) checkClock(edge.origin, now);
  if (answer.home.host === host.id)
    throw new StartError(`This is the home host of ${edge.origin} itself. Its agent is started by: toru agent`);
  if (invite !== null && invite.home_key !== answer.home.public_key)
    throw new StartError(
      `The token is of another installation than that of ${edge.origin}, or its edge does not lead to your home host. Nothing was changed. Check the address; the token can still be used there.`,
    );
  return { answer, words: words(answer.home.public_key, key, secret, answer.home.nonce), secret };
}

/**
 * Asks until an admin has decided. The first time at once: by that our nonce is revealed, and the home host knows the words.
 * @param trouble hears, once for each kind, that there is no answer at the moment.
 * @throws ToruError, StartError when it was refused or ran out; the signal's reason.
 */
export async function waitForApproval(
  edge: EdgeLocation,
  { answer, secret }: PendingRequest,
  trouble: (message: string) => void,
  signal: AbortSignal,
): Promise<PairTokenAnswer> {
  const until = Date.now() + answer.expires_in * 1000;
  const mentioned = new Set<string>();
  let interval = answer.interval;
  for (;;) {
    try {
      const request = { device_code: answer.device_code, secret };
      return (await postTo(edge, '/api/pair/token', request, pairTokenAnswer, signal)).value;
    } catch (error) {
      const message = whyNotYet(error);
      if (message === null) throw error;
      if (error instanceof ToruError && error.code === 'slow_down') interval += SLOWER_S;
      if (message !== '' && !mentioned.has(message)) trouble(message);
      mentioned.add(message);
    }
    if (Date.now() + interval * 1000 > until)
      throw new ToruError('expired_token', 'Nobody approved it within ten minutes. Nothing was changed. Start again: toru up');
    await sleep(interval * 1000, undefined, { signal });
  }
}

/** Gives its place at the edge back, where it is not waited for any longer. An edge that does not answer, or is too old, lets it run out. */
export async function withdraw(edge: EdgeLocation, { answer }: PendingRequest): Promise<void> {
  const { device_code } = answer;
  await postTo(edge, '/api/pair/withdraw', { device_code }, z.unknown(), AbortSignal.timeout(WITHDRAW_MS)).catch(() => undefined);
}

/** What to say of an answer after which it is asked again, empty for the usual one; null when it is final. */
function whyNotYet(error: unknown): string | null {
  if (error instanceof EdgeUnreachable) return error.message;
  if (!(error instanceof ToruError)) return null;
  switch (error.code) {
    case 'authorization_pending':
    case 'slow_down':
      return '';
    case 'host_offline':
    case 'host_timeout':
    case 'busy':
    case 'too_many_requests':
      return error.message;
    default:
      return null;
  }
}

/** The HMAC by the token's secret, over the bytes that the host signs. */
function macOf({ secret }: Invite, statement: Uint8Array): string {
  return createHmac('sha256', Buffer.from(secret, 'base64url')).update(statement).digest('hex');
}

function checkClock(origin: string, now: number): void {
  const off = Date.now() - now;
  if (Math.abs(off) <= MAX_CLOCK_MS) return;
  const minutes = Math.round(Math.abs(off) / 60_000);
  throw new ToruError(
    'clock_skew',
    `The clock of this machine is ${minutes} min ${off < 0 ? 'behind' : 'ahead of'} that of ${origin}, and a member whose clock is wrong serves nobody. Set it (sudo timedatectl set-ntp true), or that of the edge’s machine, then type the same again.`,
  );
}

/** An edge's refusal, with what to do here. */
async function refusedInWords<T>({ origin }: EdgeLocation, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ToruError)) throw error;
    const next = NEXT_STEPS[error.code];
    if (next === undefined) throw error;
    throw new ToruError(error.code, `${origin}: ${error.message} ${next}`, { extra: error.extra, cause: error });
  }
}

const NEXT_STEPS: Partial<Record<string, string>> = {
  host_offline: 'Pairing needs the home host, which approves it: start Toru there, then type the same again.',
  host_timeout: 'The home host did not answer: look there with “toru status”, then type the same again.',
  bad_host: 'That is set on the edge’s machine; an IP address works without.',
  bad_request: 'Update the older of the two, then type the same again.',
};
