import { ToruError } from '../../shared/errors.ts';
import type { Membership } from '../../shared/members.ts';
import { DIRECTORY_LIFE_MS } from '../../shared/members.ts';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { duration } from './plain-text.ts';

/** What the host is to its installation; null where its agent is older than that. */
export async function membershipOf(client: Client): Promise<Membership | null> {
  try {
    return await (await good(client.membership.$get())).json();
  } catch (error) {
    if (error instanceof ToruError && error.code === 'not_found') return null;
    throw error;
  }
}

/** How it stands, in words; with the next step where it serves nobody. Null for a host that is alone. */
export function standingOf(membership: Membership, now: number): { what: string; fix: string | null } | null {
  if (membership.kind === 'home')
    return membership.members === 0
      ? null
      : { what: `the home host of ${membership.members} ${membership.members === 1 ? 'member' : 'members'}`, fix: null };
  const { name, home, candidate = null, directory, revoked } = membership;
  const age = directory === null ? null : duration(now - Date.parse(directory.signed_at));
  const member = `“${name}”, a member of the installation of ${home.name}`;
  if (candidate !== null)
    return {
      what: `${member}. “${candidate.name}” says that it is the home host now, in the place of ${home.name}, and this host asks for a word of consent; until then it serves as while its home host is away`,
      fix: `If ${home.name} was lost and recovered: toru trust, and the words that “toru hosts” shows on ${candidate.name}. If nobody recovered it, somebody else’s host asks: look who runs the edge.`,
    };
  if (revoked)
    return {
      what: `${home.name}, the home host, took this host out of its installation; it serves nobody but the command toru on this machine`,
      fix: 'If it shall come back: toru up, and the address of the edge.',
    };
  if (directory === null || directory.stale)
    return {
      what: `${member}, whose directory of users is ${age ?? 'missing'}${age === null ? '' : ' old'}; older than ${duration(DIRECTORY_LIFE_MS)}, so it serves nobody but the command toru on this machine`,
      fix: `Start Toru on ${home.name}, and see that both hosts reach the edge (toru status); and look at this machine’s clock: date`,
    };
  return { what: `${member}, whose directory of users is ${age} old`, fix: null };
}
