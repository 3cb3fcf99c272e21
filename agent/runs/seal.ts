import { createHash, randomBytes } from 'node:crypto';

/**
 * What proves that a word about a run comes from its wrapper: a random token that the wrapper alone has, in the memory of its
 * shell, until the script has ended. The journal keeps its hash, so that whoever reads the journal can't say the word.
 */

/** For one run, once. */
export function newToken(): string {
  return randomBytes(16).toString('hex');
}

export function sealOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** What the wrapper writes into both streams when the script has ended: all that the script printed stands before it. */
export function markOf(token: string): Buffer {
  return Buffer.from(`\x1etoru end ${token}\x1e`, 'latin1');
}
