import { fromBase64Url, randomHex } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { PROTOCOL_VERSION, UNPROVEN_BYTES, UNPROVEN_MS } from '../../shared/limits.ts';
import type { LinkChallenge, LinkProof } from '../../shared/link-protocol.ts';
import { LINK_CLOSE, linkProof, linkStatement } from '../../shared/link-protocol.ts';
import type { LinkDoor, UnprovenState } from './attachment.ts';
import { readAttachment, writeAttachment } from './attachment.ts';
import { closeQuietly, isOpen, sendQuietly } from './quietly.ts';

/**
 * The agent's door: a nonce out, a signature back. A stranger may hold one of 16 places here for 10 seconds and say 4 KiB
 * once (SECURITY rule 11); what it says is compared with what Account knows, never with what it claims.
 */

/** Asks the one at the other end to prove itself. */
export function challenge(socket: WebSocket, door: LinkDoor, now: number): void {
  const nonce = randomHex(32);
  writeAttachment(socket, { ...door, kind: 'unproven', conn: randomHex(16), since: now, nonce });
  const said: LinkChallenge = { type: 'challenge', protocol: PROTOCOL_VERSION, edge_nonce: nonce, installation: door.installation };
  sendQuietly(socket, JSON.stringify(said));
}

/** @returns the proof, when it is one; null when the socket was closed instead. */
export async function prove(socket: WebSocket, state: UnprovenState, message: string | ArrayBuffer): Promise<LinkProof | null> {
  // Taken before anything is awaited: one nonce, one try.
  writeAttachment(socket, { ...state, nonce: null });
  const refused = await reasonToRefuse(state, message);
  if (typeof refused === 'object') return isOpen(socket) ? refused : null;
  closeQuietly(socket, refused, CLOSE_REASON[refused]);
  return null;
}

/** Closes those that took too long. @returns when to look again, null when nobody is left. */
export function closeLate(sockets: readonly WebSocket[], now: number): number | null {
  const deadlines = sockets.flatMap((socket) => {
    const state = readAttachment(socket);
    return state?.kind === 'unproven' && isOpen(socket) ? [{ socket, at: state.since + UNPROVEN_MS }] : [];
  });
  for (const { socket, at } of deadlines) if (at <= now) closeQuietly(socket, LINK_CLOSE.too_slow, CLOSE_REASON[LINK_CLOSE.too_slow]);
  const open = deadlines.filter(({ at }) => at > now).map(({ at }) => at);
  return open.length === 0 ? null : Math.min(...open);
}

export function countUnproven(sockets: readonly WebSocket[]): number {
  return sockets.filter((socket) => isOpen(socket) && readAttachment(socket)?.kind === 'unproven').length;
}

type RefusalCode = (typeof LINK_CLOSE)['bad_proof' | 'protocol' | 'too_slow' | 'unknown_host'];

const CLOSE_REASON: Record<RefusalCode, string> = {
  [LINK_CLOSE.bad_proof]: 'the proof was not accepted',
  [LINK_CLOSE.protocol]: 'one proof was expected, of this protocol version',
  [LINK_CLOSE.too_slow]: 'no proof within 10 s',
  [LINK_CLOSE.unknown_host]: 'the proof is of another host',
};

async function reasonToRefuse(state: UnprovenState, message: string | ArrayBuffer): Promise<RefusalCode | LinkProof> {
  if (typeof message !== 'string' || message.length > UNPROVEN_BYTES || state.nonce === null) return LINK_CLOSE.protocol;
  const parsed = linkProof.safeParse(parseJson(message));
  if (!parsed.success || parsed.data.protocol !== PROTOCOL_VERSION) return LINK_CLOSE.protocol;
  const proof = parsed.data;
  if (proof.host !== state.host) return LINK_CLOSE.unknown_host;
  if (proof.origin !== state.origin) return LINK_CLOSE.bad_proof;
  const statement = linkStatement({
    edge_nonce: state.nonce,
    agent_nonce: proof.agent_nonce,
    origin: state.origin,
    installation: state.installation,
    host: state.host,
  });
  return (await signedBy(state.public_key, purposed('link', statement), proof.signature)) ? proof : LINK_CLOSE.bad_proof;
}

async function signedBy(publicKey: string, bytes: Uint8Array<ArrayBuffer>, signature: string): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', fromBase64Url(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromBase64Url(signature), bytes);
  } catch {
    // Not a key, or not a signature, of that curve.
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
