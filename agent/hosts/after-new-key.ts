import type { Identity } from '../link/identity.ts';
import { HomeMoves } from './home-moves.ts';
import { Members } from './members.ts';
import type { Membership } from './membership.ts';

/**
 * What a new key means for an installation. The old key's last word leads the members of a home host to it. A member is paired again: whoever
 * stole a key could name its successor as well.
 */
export function afterNewKey(
  parts: ConstructorParameters<typeof Members>[0] & { membership: Membership },
  old: Pick<Identity, 'publicKey' | 'sign'>,
): void {
  if (parts.membership.home !== null) return parts.membership.leave();
  new HomeMoves(parts).add(old);
  new Members(parts).certifyAll();
}
