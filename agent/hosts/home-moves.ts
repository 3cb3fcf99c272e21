import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { HomeMoveClaims } from '../../shared/members.ts';
import { MAX_HOME_MOVES } from '../../shared/members.ts';
import { signedToken } from '../../shared/signed.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import type { HostFacts } from './facts.ts';

const kept = z.object({ seq: z.int(), moves: z.array(signedToken) });
const FACT = 'moves';

/** The way from each key that this home host had to the next one, each step signed by the key before. */
export class HomeMoves {
  readonly #facts: HostFacts;
  readonly #identity: Pick<Identity, 'publicKey'>;
  readonly #settings: Pick<Settings, 'instance_id' | 'internal'>;

  constructor(parts: { facts: HostFacts; identity: Pick<Identity, 'publicKey'>; settings: Pick<Settings, 'instance_id' | 'internal'> }) {
    this.#facts = parts.facts;
    this.#identity = parts.identity;
    this.#settings = parts.settings;
  }

  /** Oldest first. */
  list(): string[] {
    return this.#facts.get(FACT, kept)?.moves ?? [];
  }

  /** The key was replaced. @param old signs a last time. Before the first link nobody knows it, and there is nothing to sign. */
  add(old: Pick<Identity, 'publicKey' | 'sign'>): void {
    const ins = this.#settings.internal.installation;
    if (ins === undefined) return;
    const before = this.#facts.get(FACT, kept) ?? { seq: 0, moves: [] };
    const seq = before.seq + 1;
    const claims: HomeMoveClaims = {
      v: 1,
      ins,
      seq,
      old_key: toBase64Url(old.publicKey),
      new_key: toBase64Url(this.#identity.publicKey),
      new_host: this.#settings.instance_id,
      iat: Math.floor(Date.now() / 1000),
    };
    const moves = [...before.moves, signStatement(old, 'home', claims)].slice(-MAX_HOME_MOVES);
    this.#facts.set(FACT, { seq, moves });
  }
}
