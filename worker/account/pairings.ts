import { sha256Hex, toBase64Url } from '../../shared/encoding.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { MAX_PAIRINGS, MAX_PAIRINGS_PER_ADDRESS, PAIR_INTERVAL_S, PAIR_LIFE_S, USER_CODE_LETTERS } from '../../shared/pairing.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import { PairPaces } from './pair-paces.ts';

/** A request to pair that was let in: its two codes. */
export interface OpenPairing {
  device_code: string;
  user_code: string;
}

/** Where a request to pair stands when its host asks. */
export interface PairingState {
  user_code: string;
  host: string;
  public_key: string;
  /** Has the home host its nonce? */
  revealed: boolean;
  outcome: 'waiting' | 'approved';
}

/**
 * The requests to pair that wait: who may ask again, and how often. What an admin is shown, and who is approved, the home host decides; it
 * has the rest. Times in ms since 1970.
 */
export class Pairings {
  readonly #sql: SqlStorage;
  readonly #paces = new PairPaces();
  /** When the host of a code asked last, in memory: a stranger who asks all the time writes no rows. */
  readonly #asked = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * @param from.public_key that signed the request: nobody else's is dropped by it. network of the host's address.
   * @returns too_many_requests when there is no place, or for who asks too often; nothing was written then.
   */
  async begin(from: { host: string; public_key: string; network: string }, now: number): Promise<Result<OpenPairing>> {
    const device_code = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
    const device = await sha256Hex(device_code);
    // Those that were decided wait for nobody: a household pairs all its machines from one address. Nor does the older one of the same host.
    const open = this.#sql
      .exec<{ network: string }>(
        'SELECT network FROM pairings WHERE outcome IS NULL AND expires_at > ? AND NOT (host = ? AND public_key = ?)',
        now,
        from.host,
        from.public_key,
      )
      .toArray();
    if (open.length >= MAX_PAIRINGS || open.filter(({ network }) => network === from.network).length >= MAX_PAIRINGS_PER_ADDRESS)
      return refusal('too_many_requests', 'Too many hosts wait to be paired. Approve or deny them on the page, or wait ten minutes.', {
        retry_after: PAIR_LIFE_S,
      });
    const retry_after = this.#paces.try(from.network, now);
    if (retry_after > 0)
      return refusal('too_many_requests', `Hosts asked to be paired too often. Try again in ${retry_after} s.`, { retry_after });
    this.#sql.exec('DELETE FROM pairings WHERE expires_at <= ?', now);
    const user_code = newUserCode();
    this.#sql.exec(
      'INSERT INTO pairings (user_code, device, host, public_key, network, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
      user_code,
      device,
      from.host,
      from.public_key,
      from.network,
      now + PAIR_LIFE_S * 1000,
    );
    return { ok: true, value: { device_code, user_code } };
  }

  /** The home host took it: an older request of the same host waits no longer. What somebody only sent again, the home host does not take. */
  taken(user_code: string, from: { host: string; public_key: string }): void {
    this.#sql.exec('DELETE FROM pairings WHERE host = ? AND public_key = ? AND user_code != ?', from.host, from.public_key, user_code);
  }

  /** The home host would not have it. */
  drop(user_code: string): void {
    this.#sql.exec('DELETE FROM pairings WHERE user_code = ?', user_code);
  }

  /** The errors are those of RFC 8628, section 3.5. */
  async ask(device_code: string, now: number): Promise<Result<PairingState>> {
    const device = await sha256Hex(device_code);
    const [row] = this.#sql.exec<PairingRow>('SELECT * FROM pairings WHERE device = ?', device).toArray();
    if (row === undefined || row.expires_at <= now) return no('expired_token', 'The code ran out. Start again: toru up');
    // Half a second early is a timer, not haste.
    const last = this.#asked.get(row.user_code);
    const hasty = last !== undefined && now - last < PAIR_INTERVAL_S * 1000 - 500;
    this.#note(row.user_code, now);
    if (row.outcome === 'denied') return no('access_denied', 'An admin refused this host.');
    if (hasty && row.outcome === null) return no('slow_down', `Ask every ${PAIR_INTERVAL_S} seconds.`);
    const { user_code, host, public_key } = row;
    const outcome = row.outcome === null ? 'waiting' : 'approved';
    return { ok: true, value: { user_code, host, public_key, revealed: row.revealed !== 0, outcome } };
  }

  /** Its host asks no longer: its place is free. @returns its code; null when nothing waits under this one. */
  async withdraw(device_code: string): Promise<string | null> {
    const [row] = this.#sql
      .exec<{ user_code: string }>(
        'DELETE FROM pairings WHERE device = ? AND outcome IS NULL RETURNING user_code',
        await sha256Hex(device_code),
      )
      .toArray();
    return row?.user_code ?? null;
  }

  #note(user_code: string, now: number): void {
    for (const [code, at] of this.#asked) if (now - at >= PAIR_LIFE_S * 1000) this.#asked.delete(code);
    this.#asked.set(user_code, now);
  }

  /** The home host has the nonce of this host. */
  revealed(user_code: string): void {
    this.#sql.exec('UPDATE pairings SET revealed = 1 WHERE user_code = ?', user_code);
  }

  /** The home host may be another process now, which knows none of those that wait: their hosts reveal their nonce to it, and hear if it is so. */
  homeCameBack(): void {
    this.#sql.exec('UPDATE pairings SET revealed = 0 WHERE outcome IS NULL');
  }

  decide(user_code: string, outcome: 'approved' | 'denied'): void {
    this.#sql.exec('UPDATE pairings SET outcome = ? WHERE user_code = ?', outcome, user_code);
  }
}

type PairingRow = {
  user_code: string;
  host: string;
  public_key: string;
  outcome: string | null;
  revealed: number;
  expires_at: number;
};

function no(code: ErrorCode, message: string) {
  return refusal(code, message);
}

/** 20^8 codes: nobody guesses one of 20 in ten minutes, and it opens nothing without an admin. */
function newUserCode(): string {
  let letters = '';
  while (letters.length < 8)
    // 240 is the largest multiple of 20 that a byte can be: each letter is as likely as the others.
    for (const byte of crypto.getRandomValues(new Uint8Array(16)))
      if (byte < 240 && letters.length < 8) letters += USER_CODE_LETTERS.charAt(byte % USER_CODE_LETTERS.length);
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
