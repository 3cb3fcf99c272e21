import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer, HandoverState } from '../../shared/handover.ts';
import { type handoverKeyClaims, handoverState } from '../../shared/handover.ts';
import type { HandoverAnswer, LinkedMember } from '../../shared/link-protocol.ts';
import { handoverAnswer } from '../../shared/link-protocol.ts';
import type { DirectoryClaims } from '../../shared/members.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Grants } from '../users/grants.ts';
import { applyDirectory } from './apply-directory.ts';
import { directoryWords, setSignedSeq } from './directory.ts';
import type { HandoverOptions } from './handover-options.ts';
import { signCertificate } from './members.ts';
import type { Home } from './membership.ts';
import type { AgreementKey } from './sealed-handover.ts';
import { newAgreementKey, openOffer } from './sealed-handover.ts';

interface TakeOverOptions extends HandoverOptions {
  grants: Grants;
}

/** What was handed over, until the old home host's step makes it count. */
const kept = z.object({ state: handoverState, answer: handoverAnswer, seq: z.int(), certificates: z.int() });
const FACT = 'handover';

/** The member's side of a handover (shared/handover.ts). */
export class TakeOver {
  readonly #o: TakeOverOptions;
  #key: AgreementKey | null = null;

  constructor(options: TakeOverOptions) {
    this.#o = options;
  }

  /** Step 1: a key for one offer, signed. An older one is worth nothing any more. @throws ToruError not_found on a host that is no member. */
  newKey(): { claims: string } {
    const { home, ins } = this.#homeHost();
    this.#key = newAgreementKey();
    const claims: z.infer<typeof handoverKeyClaims> = {
      v: 1,
      ins,
      host: this.#o.settings.instance_id,
      home_key: home.public_key,
      key: this.#key.publicKey,
    };
    return { claims: signStatement(this.#o.identity, 'handover-key', claims) };
  }

  /** Step 2: keeps what the home host knows. @returns what this host will say as the home host. @throws ToruError access_denied */
  keep(offer: HandoverOffer): HandoverAnswer {
    const { facts, settings, identity } = this.#o;
    const { ins, publicKey } = this.#homeHost();
    const key = this.#key;
    this.#key = null;
    const here = settings.instance_id;
    const state = key === null ? null : openOffer(offer, publicKey, { ins, host: here, key });
    if (state === null)
      throw new ToruError('access_denied', 'What came was not sealed to this host by its home host. Nothing was kept. Try again.');
    const now = Date.now();
    const { home, users, members, grant_minutes } = state;
    let certificates = state.certificates;
    const linked = [...members, { ...home, roles: {} }].map(({ id, name, public_key, roles }): LinkedMember => {
      certificates += 1;
      const certificate = signCertificate(identity, { ins, by: here, seq: certificates }, { id, name, public_key }, now);
      return { id, name, public_key, roles, certificate };
    });
    // The step has a number between the old home host's last directory and this one.
    const seq = Math.max(state.seq + 2, Math.floor(now / 1000));
    const own = { id: here, name: settings.host_name, public_key: toBase64Url(identity.publicKey) };
    const words = directoryWords({ ins, grant_minutes, users: listed(users), hosts: [own, ...linked], ended_sids: [] });
    const directory = signStatement(identity, 'directory', { v: 1, seq, iat: Math.floor(now / 1000), ...words } satisfies DirectoryClaims);
    const answer = { members: linked, directory };
    facts.set(FACT, { state, answer, seq, certificates } satisfies z.infer<typeof kept>);
    return answer;
  }

  /** The home host goes on as such: what it handed over once is old. @param directory of the home host. */
  drop({ seq }: DirectoryClaims): void {
    const found = this.#o.facts.get(FACT, kept);
    if (found !== null && seq > found.state.seq) this.#o.facts.remove(FACT);
  }

  /**
   * Step 4: this host is the home host, if these moves of its home host lead to it.
   * @returns the old one; null where nothing changed. @throws ToruError conflict where it is, and what was handed over is not here.
   */
  begin(moves: readonly string[]): Home | null {
    const { db, facts, membership, identity, settings, grants } = this.#o;
    const before = membership.home;
    const to = membership.successor(moves);
    if (before === null || to === null) return null;
    if (to.home.host !== settings.instance_id || to.home.public_key !== toBase64Url(identity.publicKey)) return null;
    const found = facts.get(FACT, kept);
    if (found === null || found.state.home.public_key !== to.from)
      throw new ToruError(
        'conflict',
        `${before.name} made this host the home host, and what it handed over is not here: was this home restored from a backup? Recover the installation: toru up URL --recover`,
      );
    const { state, answer, seq, certificates } = found;
    const { ins } = this.#homeHost();
    const pairedAt = new Map(state.members.map(({ id, paired_at }) => [id, paired_at]));
    const now = Date.now();
    try {
      db.transaction(() => {
        applyDirectory({ db, grants }, { users: listed(state.users), roles: {}, ended_sids: [] }, settings.instance_id, now);
        const put = db.prepare(
          'UPDATE users SET password_hash = $password_hash, created_at = $created_at, last_login_at = $last_login_at WHERE id = $id',
        );
        for (const { id, password_hash, created_at, last_login_at } of state.users)
          put.run({ id, password_hash, created_at, last_login_at });
        this.#o.members.takeOver(
          answer.members.map((member) => ({ ...member, paired_at: pairedAt.get(member.id) ?? now })),
          certificates,
        );
        this.#o.moves.takeOver(moves, to.seq);
        // Of a time when it was a home host before: they name a key that is not this installation's.
        db.prepare('DELETE FROM hosts_invites').run();
        setSignedSeq(facts, seq, answer.directory);
        settings.set({ installation: ins, grant_minutes: state.grant_minutes });
        facts.remove(FACT);
        membership.leave();
      })();
    } catch (error) {
      membership.reload();
      settings.set({});
      throw error;
    }
    // They were the old home host's word.
    grants.revokeAll();
    return before;
  }

  #homeHost(): { home: Home; ins: string; publicKey: Uint8Array } {
    const { home, issuer } = this.#o.membership;
    if (home === null || issuer === null)
      throw new ToruError('access_denied', 'This host is no member: it takes nothing over from another one.');
    return { home, ins: issuer.installation, publicKey: issuer.publicKey };
  }
}

function listed(users: HandoverState['users']): DirectoryClaims['users'] {
  return users.map(({ id, username, role, disabled, epoch }) => ({ id, username, role, disabled, epoch }));
}
