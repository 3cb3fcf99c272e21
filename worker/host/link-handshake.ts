import { signedBy } from '../../shared/ed25519.ts';
import { randomHex } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION, UNPROVEN_BYTES, UNPROVEN_MS, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import type { LinkChallenge, LinkProof } from '../../shared/link-protocol.ts';
import { LINK_CLOSE, linkProof, linkStatement } from '../../shared/link-protocol.ts';
import { agreeOn } from '../../shared/protocol-version.ts';
import type { LinkTerms, UnprovenState } from './attachment.ts';
import { readAttachment, writeAttachment } from './attachment.ts';
import { closeQuietly, isOpen, sendQuietly } from './quietly.ts';

/**
 * The agent's socket: a nonce out, a signature back. The host that dialled as itself always gets a place; a stranger may hold
 * one of 16 others for 10 seconds and say 4 KiB once. What they say is compared with what Account knows, never with what
 * they claim.
 */

/** Asks the one at the other end to prove itself. */
export function challenge(socket: WebSocket, terms: LinkTerms, now: number): void {
  writeAttachment(socket, { ...terms, kind: 'unproven', conn: randomHex(16), since: now });
  const { nonce: edge_nonce, installation, edge } = terms;
  if (edge_nonce === null) throw new Error('unreachable: the terms are made with a nonce');
  const message: LinkChallenge = { type: 'challenge', protocol: PROTOCOL_VERSION, edge_nonce, installation, edge };
  sendQuietly(socket, JSON.stringify(message));
}

/** Who proved itself; `protocol` is what both sides speak from now on. */
export type Proven = Pick<LinkProof, 'name' | 'version' | 'protocol' | 'windows' | 'credit' | 'marks' | 'process'>;

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

/**
 * Makes room for one more. Among hosts that dialled as themselves the oldest gives way. Among strangers the oldest of the
 * address that holds the most does, so that no address holds all places.
 * @throws ToruError too_many_requests when that is the address of the one who comes.
 */
export function admitUnproven(sockets: readonly WebSocket[], { dialled = false, address = '' }: LinkTerms): void {
  const places = sockets.flatMap((socket) => {
    const state = isOpen(socket) ? readAttachment(socket) : null;
    return state?.kind === 'unproven' && (state.dialled ?? false) === dialled ? [{ socket, state }] : [];
  });
  if (places.length < UNPROVEN_SOCKETS) return;
  places.sort((a, b) => a.state.since - b.state.since);
  const held = Map.groupBy(places, ({ state }) => (dialled ? '' : (state.address ?? '')));
  const [most = []] = [...held.values()].sort((a, b) => b.length - a.length);
  if (!dialled && (held.get(address)?.length ?? 0) >= most.length)
    throw new ToruError('too_many_requests', 'Too many agents are proving themselves at this moment. Try again in 10 s.');
  const [oldest] = most;
  if (oldest !== undefined) closeQuietly(oldest.socket, LINK_CLOSE.too_slow, 'another one needs the place');
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
  const { name, version, windows, credit, marks, agent_nonce, signature, process, ...text } = parsed.data;
  const protocol = agreeOn(text.protocol);
  if (protocol === null) {
    const reason = `this host speaks protocol ${text.protocol}, the edge ${OLDEST_PROTOCOL} and newer. Update the host.`;
    return { code: LINK_CLOSE.protocol, reason };
  }
  if (text.host !== host) return { code: LINK_CLOSE.unknown_host, reason: 'the proof is of another host' };
  const statement = linkStatement({ edge_nonce: nonce, agent_nonce, origin, installation, host });
  const proven = text.origin === origin && (await signedBy(public_key, purposed('link', statement), signature));
  return proven
    ? { name, version, protocol, windows, credit, marks, process }
    : { code: LINK_CLOSE.bad_proof, reason: 'the proof was not accepted' };
}

const NO_PROOF: Refusal = { code: LINK_CLOSE.protocol, reason: 'one proof was expected, and nothing else' };
