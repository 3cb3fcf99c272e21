import type { Attempt } from './throttle.ts';
import { Throttle } from './throttle.ts';

/** Failures of unknown devices that are written one by one in a minute; the rest of that minute becomes one row. */
const ROWS_PER_MINUTE = 8;
const MINUTE = 60_000;
/** How far back a throttle that starts again reads: by then every bucket is full again. */
const MEMORY_MS = 5 * MINUTE;
/** The oldest rows go, a hundred at a time; of logins that succeeded so many stay, however many fail since. */
const KEPT_ROWS = 2_000;
const KEPT_SUCCESSES = 500;

/**
 * The throttle, and the table that is its audit and its memory: an object that was evicted in the middle of an attack
 * finds its counts there. A stranger can cost us ten rows a minute and no more.
 */
export class LoginAttempts {
  readonly #sql: SqlStorage;
  readonly #throttle = new Throttle();
  #minute = 0;
  #written = 0;
  #unwritten = 0;

  constructor(sql: SqlStorage, now: number) {
    this.#sql = sql;
    const places = sql.exec<{ account: string; address: string }>(
      "SELECT account, address FROM login_attempts WHERE outcome = 'ok' GROUP BY account, address ORDER BY max(id)",
    );
    for (const place of places) this.#throttle.loggedIn(place);
    const recent = sql.exec<{ created_at: number; account: string; address: string; outcome: string }>(
      `SELECT created_at, account, address, outcome FROM login_attempts
       WHERE created_at > ? AND (outcome = 'ok' OR (outcome = 'refused' AND known_device = 0)) ORDER BY id`,
      now - MEMORY_MS,
    );
    for (const { created_at, account, address, outcome } of recent) {
      // A success counts as such alone, whatever strangers did meanwhile.
      const attempt = { account, address, device: outcome === 'ok' ? 'any' : null, guess: '', reserved: false };
      if (this.#throttle.admit(attempt, created_at) > 0) continue;
      if (outcome === 'ok') this.#throttle.succeeded(attempt, created_at);
      else this.#throttle.failed(attempt, created_at);
    }
  }

  /** @returns whether the attempt may go to the host, and by which turn; else how many ms to wait. */
  admit(attempt: Attempt, now: number): { wait: 0; reserved: boolean } | { wait: number; reserved: null } {
    const wait = this.#throttle.admit(attempt, now);
    if (wait === 0) return { wait: 0, reserved: false };
    const retryWait = this.#throttle.admitReserved(attempt, now);
    if (retryWait === 0) return { wait: 0, reserved: true };
    if (attempt.device === null) this.#countStranger(now, () => false);
    return { wait: Math.min(wait, retryWait), reserved: null };
  }

  succeeded(attempt: Attempt, now: number): void {
    this.#throttle.succeeded(attempt, now);
    this.#write(attempt, 'ok', now);
  }

  /** The password was wrong. */
  failed(attempt: Attempt, now: number): void {
    this.#throttle.failed(attempt, now);
    if (attempt.device !== null) return this.#write(attempt, 'refused', now);
    this.#countStranger(now, () => {
      if (this.#written >= ROWS_PER_MINUTE) return false;
      this.#written += 1;
      this.#write(attempt, 'refused', now);
      return true;
    });
  }

  /** The host could not be asked, so nothing was guessed. */
  unasked(attempt: Attempt, now: number): void {
    this.#throttle.unasked(attempt, now);
  }

  #countStranger(now: number, write: () => boolean): void {
    const minute = Math.floor(now / MINUTE);
    if (minute !== this.#minute) {
      if (this.#unwritten > 0) this.#insert(this.#minute * MINUTE, '', '', 0, 'more', this.#unwritten);
      this.#minute = minute;
      this.#written = 0;
      this.#unwritten = 0;
    }
    if (!write()) this.#unwritten += 1;
  }

  #write(attempt: Attempt, outcome: 'ok' | 'refused', now: number): void {
    this.#insert(now, attempt.account, attempt.address, attempt.device === null ? 0 : 1, outcome, 1);
  }

  #insert(at: number, account: string, address: string, known: number, outcome: string, count: number): void {
    const { id } = this.#sql
      .exec<{ id: number }>(
        'INSERT INTO login_attempts (created_at, account, address, known_device, outcome, count) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
        at,
        account,
        address,
        known,
        outcome,
        count,
      )
      .one();
    if (id % 100 !== 0) return;
    this.#sql.exec(
      `DELETE FROM login_attempts WHERE id <= ? AND id NOT IN
       (SELECT id FROM login_attempts WHERE outcome = 'ok' ORDER BY id DESC LIMIT ?)`,
      id - KEPT_ROWS,
      KEPT_SUCCESSES,
    );
  }
}
