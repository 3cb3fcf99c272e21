import { createHash } from 'node:crypto';
import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { MemberWords } from '../../shared/members.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import type { Identity } from '../link/identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { HostFacts } from './facts.ts';
import { HomeMoves } from './home-moves.ts';
import { Members } from './members.ts';
import { trustWords } from './words.ts';

interface Parts {
  db: Database;
  facts: HostFacts;
  identity: Identity;
  settings: Settings;
}

const next = z.object({ code: z.string() });
const recovered = z.object({ at: z.int() });
const NEXT = 'next_recovery_code';
const RECOVERED = 'recovered';

/** A home host that takes the place of one that was lost: what it keeps of that. */
export class Recovery {
  readonly #o: Parts;

  constructor(parts: Parts) {
    this.#o = parts;
  }

  /**
   * The recovery code that counts once the edge took this one's place over. Kept until it was shown: an answer that is lost loses no code.
   * @returns the code as it is shown, and SHA-256 of what it says, hex.
   */
  nextCode(): { code: string; hash: string } {
    const { facts } = this.#o;
    const code = facts.get(NEXT, next)?.code ?? newCode();
    facts.set(NEXT, { code });
    return {
      code,
      hash: createHash('sha256')
        .update(readCode(code) ?? '')
        .digest('hex'),
    };
  }

  shown(): void {
    this.#o.facts.remove(NEXT);
  }

  /** The edge took it over: all that the lost key signed is signed again, and its moves lead nobody here. */
  begin(installation: string): void {
    const { db, facts, settings } = this.#o;
    db.transaction(() => {
      settings.set({ installation });
      const moves = new HomeMoves(this.#o);
      moves.takeOver([], moves.seq);
      new Members(this.#o).certifyAll();
      db.prepare('DELETE FROM hosts_invites').run();
      facts.set(RECOVERED, { at: Date.now() });
    })();
  }

  /** For each member that was one before: by which words it believes this home host. Empty where nothing was recovered. */
  async words(): Promise<MemberWords[]> {
    const { facts, identity, settings } = this.#o;
    const { installation } = settings.internal;
    const since = facts.get(RECOVERED, recovered)?.at;
    if (installation === undefined || since === undefined) return [];
    const members = new Members(this.#o).list().filter(({ paired_at }) => Date.parse(paired_at) < since);
    const found: MemberWords[] = [];
    // One after the other: each takes 32 MB.
    for (const { id, name, public_key } of members)
      found.push({ host: id, name, words: await trustWords(toBase64Url(identity.publicKey), public_key, installation) });
    return found;
  }
}
