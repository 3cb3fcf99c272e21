import { createHash, randomBytes } from 'node:crypto';

/**
 * The proof that an exit record comes from the run's wrapper: a random token that the wrapper alone has, in its memory, until the
 * script has ended. The journal keeps the token's hash, the seal, so that a reader of the journal can't forge a record.
 */

/** A token for one start of one run. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

export function sealOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The shell wrapper writes this mark into both streams when the script has ended: all that the script printed stands before it. */
export function markOf(token: string): Buffer {
  return Buffer.from(`\x1etoru end ${token}\x1e`, 'latin1');
}
