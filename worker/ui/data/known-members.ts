import type { Member, Membership } from '../../../shared/members.ts';
import type { Invite, MadeInvite, Pairing, PairingOutcome } from '../../../shared/pairing.ts';
import type { Role } from '../../../shared/users.ts';
import { agent, read, until } from '../api.ts';
import { isAnything, isRecord, listOf, listOfAll, oneOf, optional, orNull, shape, text } from '../guards.ts';

/** What the home host says of the hosts of its installation. Pages of the home host ask for it. Each call throws ToruError. */

const isMember = shape<Member>({ id: text, name: text, public_key: text, paired_at: text, roles: isRecord });
const isPairing = shape<Pairing>({
  user_code: text,
  host: text,
  name: text,
  os_user: text,
  platform: text,
  version: text,
  address: text,
  words: orNull(listOfAll(text)),
  replaces: orNull(text),
  created_at: text,
  expires_at: text,
});
const isOutcome = shape<PairingOutcome>({ outcome: text, name: orNull(text), host: orNull(text) });
const ofInvite = { id: text, name: text, created_at: text, expires_at: text };
const isInvite = shape<Invite>(ofInvite);
const isMadeInvite = shape<MadeInvite>({ ...ofInvite, token: text });

const ofHost = shape<{ host: string; name: string; public_key: string }>({ host: text, name: text, public_key: text });
const isHomeHost = shape<Extract<Membership, { kind: 'home' }>>({ kind: oneOf('home') });
const isMemberHost = shape<Extract<Membership, { kind: 'member' }>>({
  kind: oneOf('member'),
  name: text,
  home: ofHost,
  candidate: optional(orNull(ofHost)),
});

/** What this page's host is to its installation. */
export function readMembership(signal?: AbortSignal): Promise<Membership> {
  return read((value): value is Membership => isHomeHost(value) || isMemberHost(value), agent.membership.$get(undefined, until(signal)));
}

export async function listMembers(signal?: AbortSignal): Promise<readonly Member[]> {
  return (await read(listOf(isMember), agent.members.$get(undefined, until(signal)))).items;
}

/** @param patch.roles all that differ from the users' own, by user. */
export function changeMember(host: string, patch: { name?: string; roles?: Record<string, Role> }): Promise<Member> {
  return read(isMember, agent.members[':host'].$patch({ param: { host }, json: patch }));
}

export async function revokeMember(host: string): Promise<void> {
  await read(isAnything, agent.members[':host'].$delete({ param: { host } }));
}

/** The requests to pair that wait, oldest first. */
export async function listPairings(signal?: AbortSignal): Promise<readonly Pairing[]> {
  return (await read(listOf(isPairing), agent.pairings.$get(undefined, until(signal)))).items;
}

/** What became of a request that waits no longer. */
export function pairingOutcome(code: string): Promise<PairingOutcome> {
  return read(isOutcome, agent.pairings[':code'].$get({ param: { code } }));
}

/** @param words those that the admin saw: nothing else is approved. */
export function approvePairing(code: string, words: readonly string[], name: string): Promise<Member> {
  return read(isMember, agent.pairings[':code'].approve.$post({ param: { code }, json: { words: [...words], name } }));
}

export async function denyPairing(code: string): Promise<void> {
  await read(isAnything, agent.pairings[':code'].deny.$post({ param: { code } }));
}

export async function listInvites(signal?: AbortSignal): Promise<readonly Invite[]> {
  return (await read(listOf(isInvite), agent.invites.$get(undefined, until(signal)))).items;
}

/** @returns with the token, which nobody is shown again. */
export function makeInvite(name: string, expires_minutes: number): Promise<MadeInvite> {
  return read(isMadeInvite, agent.invites.$post({ json: { name, expires_minutes } }));
}

export async function removeInvite(id: string): Promise<void> {
  await read(isAnything, agent.invites[':id'].$delete({ param: { id } }));
}
