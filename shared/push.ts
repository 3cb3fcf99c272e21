import { fromBase64Url } from './encoding.ts';
import type { Post } from './post.ts';

/** A message of Web Push that only its device can read, signed by the host: whoever holds it can deliver it, and nothing more. */
export interface SealedPush {
  /** `vapid t=…, k=…` (RFC 8292). */
  authorization: string;
  /** A newer one with the same name takes the place of one that was not delivered yet (RFC 8030, section 5.4). */
  topic: string;
  /** Encrypted for the device (RFC 8291), base64url. */
  body: string;
}

/** How long a push service keeps what it can't deliver, in seconds: a day. */
const KEPT_S = 24 * 3600;

/** The request that delivers it. @param endpoint of the subscription; the sender has asked `isPushService`. */
export function pushPost(endpoint: string, { authorization, topic, body }: SealedPush): Post {
  return {
    url: endpoint,
    headers: {
      authorization,
      topic,
      ttl: String(KEPT_S),
      urgency: 'normal',
      'content-type': 'application/octet-stream',
      'content-encoding': 'aes128gcm',
    },
    body: fromBase64Url(body),
  };
}

/** Does the push service say that the subscription is gone for good? */
export function isGone(status: number): boolean {
  return status === 404 || status === 410;
}
