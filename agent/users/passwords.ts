import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { ToruError } from '../../shared/errors.ts';
import { MAX_PASSWORD_BYTES } from '../../shared/limits.ts';
import { Semaphore } from '../../shared/semaphore.ts';

/** OWASP's first choice for Argon2id: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const STRENGTH = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const HASH_BYTES = 32;

/** One hash at a time, and so many that wait for it. Past that, callers are told to come back. */
const HASHES = {
  slots: 1,
  perKey: 1,
  queueLimit: 8,
  refusal: () => new ToruError('busy', 'Too many people log in at this moment. Try again in a few seconds.'),
};

/** The native Argon2; a test may count its calls, or hash in less time. */
export interface Argon2 {
  hash(password: Buffer, options: Parameters<typeof argon2.needsRehash>[1] & { type: 2; hashLength: number }): Promise<string>;
  verify(hash: string, password: Buffer): Promise<boolean>;
}

/** Hashes passwords, one at a time, so that a flood of logins takes one core and 19 MiB, no more. */
export class Passwords {
  readonly #argon2: Argon2;
  /** Matches no password. Checked in place of a hash where there is none, so that both take the same time. */
  readonly #dummy =
    `$argon2id$v=19$m=${STRENGTH.memoryCost},p=${STRENGTH.parallelism},t=${STRENGTH.timeCost}$${base64(16)}$${base64(HASH_BYTES)}`;
  readonly #semaphore = new Semaphore(HASHES);

  constructor(engine: Argon2 = argon2) {
    this.#argon2 = engine;
  }

  /** @returns the hash with its salt and strength, as it is stored. @throws ToruError busy, bad_request when too long. */
  async hash(password: string): Promise<string> {
    const bytes = bytesOf(password);
    if (bytes === null) throw new ToruError('bad_request', `A password has at most ${MAX_PASSWORD_BYTES} bytes.`);
    return this.#inTurn(() => this.#argon2.hash(bytes, { type: argon2.argon2id, hashLength: HASH_BYTES, ...STRENGTH }));
  }

  /** @param hash null for a user who is unknown or may not log in: false, after the same work. @throws ToruError busy. */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const bytes = bytesOf(password);
    if (bytes === null) return false;
    const matches = await this.#inTurn(() => this.#argon2.verify(hash ?? this.#dummy, bytes));
    return matches && hash !== null;
  }

  /** Was it made with another strength than today's? */
  needsRehash(hash: string): boolean {
    return argon2.needsRehash(hash, STRENGTH);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#semaphore.run('', null, work);
  }
}

/** Composed as one normal form: a phone and a Mac write the same “é” as different bytes. Null when too long. */
function bytesOf(password: string): Buffer | null {
  if (password.length > MAX_PASSWORD_BYTES) return null;
  const bytes = Buffer.from(password.normalize('NFC'));
  return bytes.length > MAX_PASSWORD_BYTES ? null : bytes;
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '');
}
