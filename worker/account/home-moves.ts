import { homeMoveClaims } from '../../shared/members.ts';
import { openStatement } from '../signed-statement.ts';

/** The home host, by its id and key. */
interface Home {
  id: string;
  public_key: string;
}

/** Where these moves lead from that home host: each counts that the key before it signed. @param ins the installation's id. */
export async function afterMoves<T extends Home>(from: T, moves: readonly string[], ins: string): Promise<T> {
  let home = from;
  for (const move of moves) {
    const claims = await openStatement(move, 'home', home.public_key, homeMoveClaims);
    if (claims?.ins === ins && claims.old_key === home.public_key) home = { ...home, id: claims.new_host, public_key: claims.new_key };
  }
  return home;
}
