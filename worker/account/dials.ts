import { signedBy } from '../../shared/ed25519.ts';
import { purposed } from '../../shared/grant.ts';
import { DIAL_CLOCK_MS } from '../../shared/limits.ts';
import { dialStatement, linkDial } from '../../shared/link-protocol.ts';

/**
 * Is the one who dials the host that it names? Its upgrade request says so with a signature over host, time and nonce, which
 * is good once. What was seen is kept in memory only: whoever replays one after an eviction gets a place at the agent's socket, and
 * still can't prove itself there.
 */
export class Dials {
  /** By nonce: until when it counts, in ms since 1970. Only a host's key can fill it. */
  readonly #seen = new Map<string, number>();

  /** @returns the agent's nonce; `clock` where the signature is the host's and its time is not ours; null for a stranger. */
  async judge(message: string | null, place: { host: string; origin: string; public_key: string }, now: number): Promise<Dial> {
    const parsed = linkDial.safeParse(message);
    if (!parsed.success) return null;
    const { time, agent_nonce, signature } = parsed.data;
    const { host, origin, public_key } = place;
    if (!(await signedBy(public_key, purposed('dial', dialStatement({ time, agent_nonce, origin, host })), signature))) return null;
    if (Math.abs(now - time) > DIAL_CLOCK_MS) return 'clock';
    for (const [nonce, until] of this.#seen) if (until <= now || this.#seen.size > MAX_SEEN) this.#seen.delete(nonce);
    if (this.#seen.has(agent_nonce)) return null;
    this.#seen.set(agent_nonce, time + DIAL_CLOCK_MS + 1);
    return { agent_nonce };
  }
}

export type Dial = { agent_nonce: string } | 'clock' | null;

const MAX_SEEN = 4096;
