import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { HomeMoveClaims } from '../../shared/members.ts';
import { MAX_HOME_MOVES } from '../../shared/members.ts';
import { signedToken } from '../../shared/signed.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import { signedSeq } from './directory.ts';
import type { HostFacts } from './facts.ts';

const kept = z.object({ seq: z.int(), moves: z.array(signedToken) });
const FACT = 'moves';

/** The way from each key that the home host had to the next one, each step signed by the key before. */
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
    return this.#kept.moves;
  }

  /** The number of the last one; 0 before the first. */
  get seq(): number {
    return this.#kept.seq;
  }

  /** The key was replaced. @param old signs a last time. Before the first link nobody knows it, and there is nothing to sign. */
  add(old: Pick<Identity, 'publicKey' | 'sign'>): void {
    this.#sign(old, { host: this.#settings.instance_id, public_key: toBase64Url(this.#identity.publicKey) });
  }

  /** This host hands over to another one: the last word of its key as the home host's. */
  leadTo(home: { host: string; public_key: string }, identity: Pick<Identity, 'publicKey' | 'sign'>): void {
    this.#sign(identity, home);
  }

  /** Those that led to this host. @param seq of the last one. */
  takeOver(moves: readonly string[], seq: number): void {
    this.#facts.set(FACT, { seq, moves });
  }

  #sign(old: Pick<Identity, 'publicKey' | 'sign'>, to: { host: string; public_key: string }): void {
    const ins = this.#settings.internal.installation;
    if (ins === undefined) return;
    const before = this.#kept;
    // Beyond every directory that the old key signed: whoever knows one of a later key does not go back.
    const seq = Math.max(before.seq, signedSeq(this.#facts)) + 1;
    const claims: HomeMoveClaims = {
      v: 1,
      ins,
      seq,
      old_key: toBase64Url(old.publicKey),
      new_key: to.public_key,
      new_host: to.host,
      iat: Math.floor(Date.now() / 1000),
    };
    const moves = [...before.moves, signStatement(old, 'home', claims)].slice(-MAX_HOME_MOVES);
    this.#facts.set(FACT, { seq, moves });
  }

  get #kept(): z.infer<typeof kept> {
    return this.#facts.get(FACT, kept) ?? { seq: 0, moves: [] };
  }
}
