import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Audit } from '../audit/audit.ts';
import { inBackground } from '../background.ts';
import type { Log } from '../logger.ts';
import type { Settings } from '../settings/settings.ts';

const BYTES = 32;
const DAY_MS = 24 * 3_600_000;
/** The token before is good for so long: who has read it just now gets through. */
const OVERLAP_MS = 60_000;
const LOOK_MS = 60_000;

interface Options {
  /** TORU_HOME */
  home: string;
  settings: Pick<Settings, 'token_rotation_days'>;
  audit: Pick<Audit, 'record'>;
  log: Pick<Log, 'warn'>;
  now?: () => number;
  overlapMs?: number;
}

/**
 * The token for programs on this host that are not its owner's: 256 bits in TORU_HOME/service.token (0600), which the owner hands to
 * them with the socket. Another one takes its place every `token_rotation_days`, and when the file is removed.
 */
export class ServiceToken {
  readonly #o: Options;
  readonly #file: string;
  /** Null while none could be made: nobody gets in. */
  #hash: Buffer | null = null;
  #before: { hash: Buffer; until: number } | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(options: Options) {
    this.#o = options;
    this.#file = join(options.home, 'service.token');
    const look = inBackground('another service.token could not be made', options.log, () => this.look());
    look();
    this.#timer = setInterval(look, LOOK_MS).unref();
  }

  /** Makes another one when it is time. */
  look(): void {
    const days = this.#o.settings.token_rotation_days;
    const kept = readToken(this.#file);
    if (kept !== null) this.#hash = hashOf(kept.token);
    if (kept === null || (days > 0 && this.#now() - kept.made >= days * DAY_MS)) this.rotate();
  }

  rotate(): void {
    const token = randomBytes(BYTES).toString('base64url');
    rmSync(`${this.#file}.new`, { force: true });
    writeFileSync(`${this.#file}.new`, `${token}\n`, { mode: 0o600, flag: 'wx' });
    utimesSync(`${this.#file}.new`, this.#now() / 1000, this.#now() / 1000);
    renameSync(`${this.#file}.new`, this.#file);
    const before = this.#hash;
    this.#hash = hashOf(token);
    if (before === null) return;
    this.#before = { hash: before, until: this.#now() + (this.#o.overlapMs ?? OVERLAP_MS) };
    this.#o.audit.record({ event: 'service.rotate', caller: null, target: idOf(this.#hash), outcome: 'ok' });
  }

  /** The id of the token in a log; null for what is no token that is good now. */
  idFor(token: string): string | null {
    const given = hashOf(token);
    const before = this.#before !== null && this.#before.until > this.#now() ? this.#before.hash : null;
    const isNow = this.#hash !== null && timingSafeEqual(given, this.#hash);
    const wasBefore = before !== null && timingSafeEqual(given, before);
    return isNow || wasBefore ? idOf(given) : null;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #now(): number {
    return (this.#o.now ?? Date.now)();
  }
}

function readToken(file: string): { token: string; made: number } | null {
  try {
    const token = readFileSync(file, 'latin1').trim();
    return Buffer.from(token, 'base64url').length === BYTES ? { token, made: statSync(file).mtimeMs } : null;
  } catch {
    return null;
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function idOf(hash: Buffer): string {
  return hash.toString('hex').slice(0, 12);
}
