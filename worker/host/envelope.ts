import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { userId } from '../../shared/ids.ts';
import { requestHead } from '../../shared/tunnel.ts';
import { role } from '../../shared/users.ts';
import { linkTerms, socketSession } from './attachment.ts';

/**
 * What the Worker hands to a Host object beside a body or an upgrade. It makes a request of its own for it: nothing that a
 * client sent, header or URL, gets here except in these fields.
 */
const envelope = z.discriminatedUnion('to', [
  z.object({ to: z.literal('browser'), session: socketSession, newer_page: z.boolean() }),
  z.object({ to: z.literal('agent'), terms: linkTerms }),
  /** The role decides about the order of requests and about nothing else. A Worker that is older than this object says none. */
  z.object({ to: z.literal('tunnel'), head: requestHead, sub: userId, role: role.optional() }),
]);
export type Envelope = z.infer<typeof envelope>;

const HEADER = 'x-toru-envelope';

export function seal(message: Envelope): [string, string] {
  // Headers are bytes; JSON can say everything else in ASCII.
  const ascii = JSON.stringify(message).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [HEADER, ascii];
}

/** @throws ToruError bad_request when a field is not what it should be, as a path that is too long. */
export function unseal(headers: Headers): Envelope {
  const parsed = envelope.safeParse(JSON.parse(headers.get(HEADER) ?? 'null'));
  if (parsed.success) return parsed.data;
  throw new ToruError('bad_request', 'A part of that request is too long, or not what it should be.', { cause: parsed.error });
}
