import { sameString } from '../../shared/encoding.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import type { BoundHost } from './known-hosts.ts';

/** So many setup codes are tried in a minute, of all askers together. */
const TRIES = 5;
const MINUTE = 60_000;

/** What a claim leaves behind: the home host, and with what a later one is let in when it is lost. */
export interface Claim extends BoundHost {
  /** SHA-256 of the recovery code, hex. */
  recovery: string;
  /** ms since 1970. */
  claimed_at: number;
}

/**
 * The claim of a fresh deployment: whoever brings the setup code becomes its home host, once. The edge has the code's hash alone, and the
 * first claim burns it: it is stored in one step with the host's key, so that of two at once one wins, and a restart changes nothing.
 */
export class Claims {
  readonly #store: ClaimStore;
  readonly #codeHash: string | null;

  /** @param codeHash SHA-256 of the setup code, hex, as bound; anything else is no code. @param declared are hosts bound by HOST_KEYS? */
  constructor(store: ClaimStore, codeHash: string | undefined, declared: boolean) {
    this.#store = store;
    const hash = codeHash?.trim().toLowerCase() ?? '';
    this.#codeHash = !declared && /^[0-9a-f]{64}$/.test(hash) ? hash : null;
  }

  /** The home host that claimed this edge. */
  get claim(): Claim | null {
    return this.#store.kv.get<Claim>(CLAIM) ?? null;
  }

  /** The home host is another host, or has another key: as the old key signed. */
  moved(claim: Claim): void {
    this.#store.kv.put(CLAIM, claim);
  }

  /** Does this edge take a claim? Asked before anything is computed or written for one. */
  open(): Result<null> {
    if (this.claim !== null) return refusal('claim_refused', 'This edge has its first host, and its setup code is used up. Pair this one.');
    if (this.#codeHash === null)
      return refusal('claim_refused', 'This edge has no setup code: its hosts are those of HOST_KEYS, or run “toru deploy” again.');
    return { ok: true, value: null };
  }

  /**
   * Counts the try and judges the code. Nothing is awaited here, so nothing comes between.
   * @param typed SHA-256 of the code that was brought, hex. @param bind stores the host's key, in the same transaction.
   * @returns too_many_attempts with `retry_after` in seconds; claim_refused.
   */
  take(typed: string, claim: Claim, bind: (host: BoundHost) => void): Result<null> {
    const open = this.open();
    if (!open.ok || this.#codeHash === null) return open;
    const now = claim.claimed_at;
    const tries = (this.#store.kv.get<number[]>(TRIED) ?? []).filter((at) => at > now - MINUTE && at <= now);
    const [oldest] = tries;
    if (oldest !== undefined && tries.length >= TRIES) {
      const seconds = Math.ceil((oldest + MINUTE - now) / 1000);
      return refusal('too_many_attempts', `Too many setup codes were tried. Try again in ${seconds} s.`, { retry_after: seconds });
    }
    const right = sameString(typed, this.#codeHash);
    this.#store.transactionSync(() => {
      this.#store.kv.put(TRIED, right ? [] : [...tries, now]);
      if (!right) return;
      this.#store.kv.put(CLAIM, claim);
      bind(claim);
    });
    return right
      ? { ok: true, value: null }
      : refusal('claim_refused', 'That is not the setup code of this edge. “toru deploy” printed it.');
  }
}

const CLAIM = 'claim';
const TRIED = 'claim_tries';

interface ClaimStore {
  readonly kv: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  transactionSync<T>(closure: () => T): T;
}
