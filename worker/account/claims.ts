import { sameString } from '../../shared/encoding.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import type { BoundHost } from './known-hosts.ts';

/** So many codes of a kind are tried in a minute, of all askers together. */
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
  readonly #declared: boolean;

  /** @param codeHash SHA-256 of the setup code, hex, as bound; anything else is no code. @param declared are hosts bound by HOST_KEYS? */
  constructor(store: ClaimStore, codeHash: string | undefined, declared: boolean) {
    this.#store = store;
    this.#declared = declared;
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
    return this.#try(TRIED, sameString(typed, this.#codeHash), claim, bind, {
      many: 'Too many setup codes were tried.',
      wrong: 'That is not the setup code of this edge. “toru deploy” printed it.',
    });
  }

  /** May another host take the place of the home host here? Asked before anything is computed or written for one. */
  recoverable(): Result<Claim> {
    const { claim } = this;
    if (this.#declared)
      return refusal(
        'claim_refused',
        'The hosts of this edge are those of HOST_KEYS: put there what “toru key” prints on the new home host.',
      );
    if (claim === null)
      return refusal('claim_refused', 'No host has claimed this edge yet: it takes the setup code of “toru deploy”, without --recover.');
    return { ok: true, value: claim };
  }

  /**
   * Another host takes the place of the home host that was lost. Its code is used up by that, and the one whose hash `claim` brings counts from then on.
   * The same host with the same hash again lost the answer, and gets it.
   * @param typed SHA-256 of the code that was brought, hex. @param bind as in `take`.
   * @returns too_many_attempts with `retry_after` in seconds; claim_refused; conflict for the home host itself.
   */
  recover(typed: string, claim: Claim, bind: (host: BoundHost) => void): Result<null> {
    const found = this.recoverable();
    if (!found.ok) return found;
    const { id, public_key, recovery } = found.value;
    if (claim.id === id && claim.public_key === public_key)
      return claim.recovery === recovery
        ? { ok: true, value: null }
        : refusal('conflict', 'This host is the home host of this edge already. Start its agent: toru agent, or: toru service install');
    return this.#try(RECOVERED, sameString(typed, recovery), claim, bind, {
      many: 'Too many recovery codes were tried.',
      wrong: 'That is not the recovery code of this installation: it was printed when the edge was claimed, or recovered last.',
    });
  }

  /** Counts a try, and takes the claim where it is the right one: in one step. */
  #try(
    counted: string,
    right: boolean,
    claim: Claim,
    bind: (host: BoundHost) => void,
    says: { many: string; wrong: string },
  ): Result<null> {
    const now = claim.claimed_at;
    const tries = (this.#store.kv.get<number[]>(counted) ?? []).filter((at) => at > now - MINUTE && at <= now);
    const [oldest] = tries;
    if (oldest !== undefined && tries.length >= TRIES) {
      const seconds = Math.ceil((oldest + MINUTE - now) / 1000);
      return refusal('too_many_attempts', `${says.many} Try again in ${seconds} s.`, { retry_after: seconds });
    }
    this.#store.transactionSync(() => {
      this.#store.kv.put(counted, right ? [] : [...tries, now]);
      if (!right) return;
      this.#store.kv.put(CLAIM, claim);
      bind(claim);
    });
    return right ? { ok: true, value: null } : refusal('claim_refused', says.wrong);
  }
}

const CLAIM = 'claim';
const TRIED = 'claim_tries';
const RECOVERED = 'recovery_tries';

interface ClaimStore {
  readonly kv: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  transactionSync<T>(closure: () => T): T;
}
