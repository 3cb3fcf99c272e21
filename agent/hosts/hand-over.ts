import * as z from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer, HandoverState } from '../../shared/handover.ts';
import { handoverKeyAnswer, handoverKeyClaims } from '../../shared/handover.ts';
import type { AgentControl, HandoverAnswer } from '../../shared/link-protocol.ts';
import { handoverAnswer } from '../../shared/link-protocol.ts';
import type { Member } from '../../shared/members.ts';
import { certificateClaims, directoryClaims } from '../../shared/members.ts';
import { signedToken } from '../../shared/signed.ts';
import { openStatement } from '../link/signed-statement.ts';
import { NO_PASSWORD } from './apply-directory.ts';
import { forgetDirectory, signedSeq } from './directory.ts';
import type { HandoverOptions } from './handover-options.ts';
import { sealState } from './sealed-handover.ts';

interface UserRow {
  id: string;
  username: string;
  password_hash: string;
  role: 'admin' | 'client';
  disabled: number;
  epoch: number;
  created_at: number;
  last_login_at: number | null;
}

const parting = handoverAnswer.extend({ moves: z.array(signedToken) });
const FACT = 'parting';
/** Users, roles or members that change while the member answers begin it again. */
const TRIES = 3;

/** The home host's side of a handover (shared/handover.ts). */
export class HandOver {
  readonly #o: HandoverOptions;
  readonly #listeners = new Set<() => void>();

  constructor(options: HandoverOptions) {
    this.#o = options;
  }

  /**
   * Makes that member the home host, and this host its member: both, or nothing is changed.
   * @param ask brings an offer, or the question for a key, to the member, and its answer back. @param last is done just before the step.
   * @throws ToruError unknown_host, conflict, access_denied; what `ask` throws.
   */
  async to(host: string, ask: (offer: HandoverOffer | null) => Promise<unknown>, last: () => void): Promise<Member> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = this.#stateFor(host);
      const { member } = before;
      const key = this.#keyIn(await ask(null), member);
      const { state } = this.#stateFor(host);
      const offer = sealState(this.#o.identity, { ins: this.#installation, host, key }, state);
      const answer = this.#checked(await ask(offer), member, state);
      if (JSON.stringify(this.#stateFor(host).state) !== JSON.stringify(state)) continue;
      last();
      this.#step(member, answer);
      return member;
    }
    throw new ToruError('busy', 'Users or hosts changed meanwhile, again and again. Nothing was moved. Try again in a minute.');
  }

  /** What this host says at its links until the edge has heard that another one is the home host now. */
  get parting(): Extract<AgentControl, { type: 'members' }> | null {
    const kept = this.#o.facts.get(FACT, parting);
    return kept === null ? null : { type: 'members', ...kept };
  }

  /** The edge brought the new home host's word: it has heard. */
  heard(): void {
    this.#o.facts.remove(FACT);
    for (const listener of this.#listeners) listener();
  }

  /** Has the edge heard, within so many milliseconds? */
  async untilHeard(ms: number): Promise<boolean> {
    if (this.parting === null) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const listener = (): void => resolve(true);
    const timer = setTimeout(() => resolve(false), ms);
    this.#listeners.add(listener);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }

  #step(member: Member, { members, directory }: HandoverAnswer): void {
    const { db, facts, membership, identity, moves, settings } = this.#o;
    const certificate = members.find(({ id }) => id === settings.instance_id)?.certificate ?? '';
    const home = { host: member.id, name: member.name, public_key: member.public_key };
    try {
      db.transaction(() => {
        moves.leadTo(home, identity);
        facts.set(FACT, { members, directory, moves: moves.list() });
        moves.takeOver([], 0);
        this.#o.members.forget();
        forgetDirectory(facts);
        db.prepare('DELETE FROM hosts_invites').run();
        db.prepare('UPDATE users SET password_hash = ?').run(NO_PASSWORD);
        membership.join({ home, certificate, directory });
      })();
    } catch (error) {
      membership.reload();
      throw error;
    }
  }

  get #installation(): string {
    const ins = this.#o.settings.internal.installation;
    if (ins === undefined) throw new ToruError('conflict', 'This host was never linked to an edge: it has no installation yet.');
    return ins;
  }

  /** @throws ToruError unknown_host, conflict where it can't be handed over to that host. */
  #stateFor(host: string): { member: Member; state: HandoverState } {
    const { db, facts, identity, settings, members, moves } = this.#o;
    const { instance_id: id, host_name: name, grant_minutes } = settings;
    if (host === id) throw new ToruError('conflict', 'This host is the home host already.');
    const member = members.get(host);
    if (member === null) throw new ToruError('unknown_host', 'There is no such member. Look at: toru hosts');
    if (Object.keys(member.roles).length > 0)
      throw new ToruError(
        'conflict',
        `On “${member.name}” some users have another role than their own, and on the home host each has their own. Decide first, on the page under Hosts or with: toru hosts role ${member.name} USER default`,
      );
    const others = members.list().filter((one) => one.id !== host);
    if ([member, ...others].some((one) => one.name.toLowerCase() === name.toLowerCase()))
      throw new ToruError('conflict', `A member is called “${name}” as well as this host. Rename one of them first: toru hosts rename`);
    const users = db
      .prepare<[], UserRow>('SELECT id, username, password_hash, role, disabled, epoch, created_at, last_login_at FROM users ORDER BY id')
      .all();
    const state: HandoverState = {
      seq: Math.max(signedSeq(facts), moves.seq),
      certificates: members.counted,
      moves: moves.list(),
      grant_minutes,
      home: { id, name, public_key: toBase64Url(identity.publicKey) },
      users: users.map((user) => ({ ...user, disabled: user.disabled !== 0 })),
      members: others.map(({ paired_at, ...one }) => ({ ...one, paired_at: Date.parse(paired_at) })),
    };
    return { member, state };
  }

  #keyIn(answer: unknown, member: Member): string {
    const parsed = handoverKeyAnswer.safeParse(answer);
    const claims = parsed.success
      ? openStatement(parsed.data.claims, 'handover-key', fromBase64Url(member.public_key), handoverKeyClaims)
      : null;
    const ours = toBase64Url(this.#o.identity.publicKey);
    if (claims === null || claims.host !== member.id || claims.ins !== this.#installation || claims.home_key !== ours) throw notOf(member);
    return claims.key;
  }

  /** What the member will say as the home host: for every host, and for this one. @throws ToruError access_denied */
  #checked(given: unknown, member: Member, state: HandoverState): HandoverAnswer {
    const parsed = handoverAnswer.safeParse(given);
    if (!parsed.success) throw notOf(member);
    const { members, directory } = parsed.data;
    const key = fromBase64Url(member.public_key);
    const expected = [...state.members, state.home];
    const known = (id: string): string | undefined => expected.find((one) => one.id === id)?.public_key;
    const certified = members.every(({ id, public_key, certificate }) => {
      const claims = openStatement(certificate, 'host', key, certificateClaims);
      return claims?.host === id && claims.key === public_key && claims.by === member.id && public_key === known(id);
    });
    const claims = openStatement(directory, 'directory', key, directoryClaims);
    const complete = members.length === expected.length && claims?.users.length === state.users.length;
    // The step itself has the number between.
    if (!certified || !complete || claims.ins !== this.#installation || claims.seq <= state.seq + 1) throw notOf(member);
    return parsed.data;
  }
}

function notOf({ name }: Member): ToruError {
  return new ToruError(
    'access_denied',
    `The answer was not signed by “${name}”, or is not what a home host says. Nothing was moved. Is its Toru as new as this one (toru update)? Otherwise look who answers at the edge’s address.`,
  );
}
