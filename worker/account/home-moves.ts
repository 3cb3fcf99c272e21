import { signedBy } from '../../shared/ed25519.ts';
import { fromBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { homeMoveClaims } from '../../shared/members.ts';

/** The home host, by its id and key. */
interface Home {
  id: string;
  public_key: string;
}

/** Where these moves lead from that home host: each counts that the key before it signed. @param ins the installation's id. */
export async function afterMoves<T extends Home>(from: T, moves: readonly string[], ins: string): Promise<T> {
  let home = from;
  for (const move of moves) {
    const [body = '', signature = ''] = move.split('.');
    const bytes = bytesOf(body);
    if (bytes === null || !(await signedBy(home.public_key, purposed('home', bytes), signature))) continue;
    const claims = homeMoveClaims.safeParse(parseJsonOrNull(new TextDecoder().decode(bytes)));
    if (claims.success && claims.data.ins === ins && claims.data.old_key === home.public_key)
      home = { ...home, id: claims.data.new_host, public_key: claims.data.new_key };
  }
  return home;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fromBase64Url(text);
  } catch {
    return null;
  }
}
