import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** How a sender proves that it knows a hook's secret. All of them are over the bytes of the body as they came. */

export type Signature = 'github' | 'standard-webhooks' | 'stripe' | 'none';

export interface SignedRequest {
  /** The first of each name, in small letters. */
  header(name: string): string | undefined;
  query: URLSearchParams;
  body: Uint8Array;
  /** Of the host's clock, ms since 1970. */
  now: number;
}

/** A signature that names its time counts for so long before and after it: one that was recorded can't be sent again next week. */
const WINDOW_S = 5 * 60;

/**
 * @param secret the hook's; null where it has none, and everybody may.
 * @returns why it is refused, in a sentence; null when it is the sender that knows the secret.
 */
export function refusalOf(signature: Signature, secret: string | null, request: SignedRequest): string | null {
  if (signature !== 'none' && secret === null) return 'This hook has a signature and no secret to check it with. Give it one in its file.';
  if (secret === null) return null;
  switch (signature) {
    case 'none':
      return bearer(secret, request) ? null : 'The secret is missing or wrong: send it as Authorization: Bearer, or as ?secret=.';
    case 'github':
      return github(secret, request) ? null : 'The signature in X-Hub-Signature-256 is missing or wrong.';
    case 'standard-webhooks':
      return standard(secret, request);
    case 'stripe':
      return stripe(secret, request);
  }
}

function bearer(secret: string, { header, query }: SignedRequest): boolean {
  const sent = /^bearer (.*)$/i.exec(header('authorization') ?? '')?.[1] ?? query.get('secret');
  return sent != null && same(sent, secret);
}

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
function github(secret: string, { header, body }: SignedRequest): boolean {
  return same(header('x-hub-signature-256') ?? '', `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standard(secret: string, { header, body, now }: SignedRequest): string | null {
  const id = header('webhook-id') ?? '';
  // Without a name of its own, one that was recorded would start a job each time.
  if (id === '') return 'The header webhook-id is missing.';
  const time = header('webhook-timestamp') ?? '';
  if (!isNear(time, now)) return TIME;
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(text, 'base64');
  // Of what is no base64 Node reads what it can, which may be nothing: anybody knows an empty key.
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) || key.length === 0)
    return 'This hook’s secret is not what standard-webhooks takes: whsec_ and a key in base64. Store it again, with toru secret set.';
  const wanted = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  const sent = (header('webhook-signature') ?? '').split(' ').filter((one) => one.startsWith('v1,'));
  return sent.some((one) => same(one.slice('v1,'.length), wanted)) ? null : 'The signature in webhook-signature is missing or wrong.';
}

/** https://docs.stripe.com/webhooks/signature */
function stripe(secret: string, { header, body, now }: SignedRequest): string | null {
  const parts = partsOf(header('stripe-signature'));
  const time = stripeTime(header('stripe-signature'));
  if (!isNear(time, now)) return TIME;
  const wanted = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  const sent = parts.filter(([name]) => name === 'v1').map(([, value]) => value ?? '');
  return sent.some((one) => same(one, wanted)) ? null : 'The signature in Stripe-Signature is missing or wrong.';
}

/** The time that is signed, as it was sent; '' without one. */
export function stripeTime(signature: string | undefined): string {
  return partsOf(signature).find(([name]) => name === 't')?.[1] ?? '';
}

function partsOf(signature = ''): string[][] {
  return signature.split(',').map((part) => part.trim().split('=', 2));
}

const TIME = 'The time of the signature is missing, or more than five minutes away from this host’s clock.';

function isNear(seconds: string, now: number): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(Number(seconds) - now / 1000) <= WINDOW_S;
}

/** In the same time, however much of it is right. */
function same(sent: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(sent), digest(wanted));
}
