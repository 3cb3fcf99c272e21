import { fromBase64Url, randomHex } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION, UNPROVEN_BYTES, UNPROVEN_MS, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import type { LinkChallenge, LinkProof } from '../../shared/link-protocol.ts';
import { LINK_CLOSE, linkProof, linkStatement } from '../../shared/link-protocol.ts';
import { agreeOn } from '../../shared/protocol.ts';
import type { LinkDoor, UnprovenState } from './attachment.ts';
import { readAttachment, writeAttachment } from './attachment.ts';
import { closeQuietly, isOpen, sendQuietly } from './quietly.ts';

/**
 * The agent's door: a nonce out, a signature back. A stranger may hold one of 16 places here for 10 seconds and say 4 KiB
 * once; what it says is compared with what Account knows, never with what it claims.
 */

/** Asks the one at the other end to prove itself. */
export function challenge(socket: WebSocket, door: LinkDoor, now: number): void {
  const nonce = randomHex(32);
  writeAttachment(socket, { ...door, kind: 'unproven', conn: randomHex(16), since: now, nonce });
  const said: LinkChallenge = { type: 'challenge', protocol: PROTOCOL_VERSION, edge_nonce: nonce, installation: door.installation };
  sendQuietly(socket, JSON.stringify(said));
}

/** Who proved itself; `protocol` is what both sides speak from now on. */
export type Proven = Pick<LinkProof, 'name' | 'version' | 'protocol' | 'windows' | 'credit'>;

/** @returns null when the socket was closed instead. */
export async function prove(socket: WebSocket, state: UnprovenState, message: string | ArrayBuffer): Promise<Proven | null> {
  // Taken before anything is awaited: one nonce, one try.
  writeAttachment(socket, { ...state, nonce: null });
  const judged = await judge(state, message);
  if ('name' in judged) return isOpen(socket) ? judged : null;
  closeQuietly(socket, judged.code, judged.reason);
  return null;
}

/** Closes those that took too long. @returns when to look again, null when nobody is left. */
export function closeLate(sockets: readonly WebSocket[], now: number): number | null {
  const deadlines = sockets.flatMap((socket) => {
    const state = readAttachment(socket);
    return state?.kind === 'unproven' && isOpen(socket) ? [{ socket, at: state.since + UNPROVEN_MS }] : [];
  });
  for (const { socket, at } of deadlines) if (at <= now) closeQuietly(socket, LINK_CLOSE.too_slow, 'no proof within 10 s');
  const open = deadlines.filter(({ at }) => at > now).map(({ at }) => at);
  return open.length === 0 ? null : Math.min(...open);
}

/** @throws ToruError too_many_requests when all places are taken. */
export function admitUnproven(sockets: readonly WebSocket[]): void {
  const unproven = sockets.filter((socket) => isOpen(socket) && readAttachment(socket)?.kind === 'unproven');
  if (unproven.length >= UNPROVEN_SOCKETS)
    throw new ToruError('too_many_requests', 'Too many agents are proving themselves at this moment. Try again in 10 s.');
}

interface Refusal {
  code: number;
  /** Shown in the agent's log, so it says what to do. */
  reason: string;
}

async function judge(state: UnprovenState, message: string | ArrayBuffer): Promise<Refusal | Proven> {
  const { nonce, origin, installation, host, public_key } = state;
  if (typeof message !== 'string' || message.length > UNPROVEN_BYTES || nonce === null) return NO_PROOF;
  const parsed = linkProof.safeParse(parseJsonOrNull(message));
  if (!parsed.success) return NO_PROOF;
  const { name, version, windows, credit, agent_nonce, signature, ...said } = parsed.data;
  const protocol = agreeOn(said.protocol);
  if (protocol === null) {
    const reason = `this host speaks protocol ${said.protocol}, the edge ${OLDEST_PROTOCOL} and newer. Update the host.`;
    return { code: LINK_CLOSE.protocol, reason };
  }
  if (said.host !== host) return { code: LINK_CLOSE.unknown_host, reason: 'the proof is of another host' };
  const statement = linkStatement({ edge_nonce: nonce, agent_nonce, origin, installation, host });
  const proven = said.origin === origin && (await signedBy(public_key, purposed('link', statement), signature));
  return proven ? { name, version, protocol, windows, credit } : { code: LINK_CLOSE.bad_proof, reason: 'the proof was not accepted' };
}

const NO_PROOF: Refusal = { code: LINK_CLOSE.protocol, reason: 'one proof was expected, and nothing else' };

/** Is this the signature over these bytes, by the holder of this raw Ed25519 key? Both base64url. */
export async function signedBy(publicKey: string, bytes: Uint8Array<ArrayBuffer>, signature: string): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', fromBase64Url(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromBase64Url(signature), bytes);
  } catch {
    // Not a key, or not a signature, of that curve.
    return false;
  }
}
