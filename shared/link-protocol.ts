import * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import { isErrorCode } from './errors.ts';
import { grantToken } from './grant.ts';
import { handoverOffer } from './handover.ts';
import { connId, hostId, sid, topicName, userId, uuid } from './ids.ts';
import { MAX_HOME_MOVES, MAX_MEMBERS, memberPresence } from './members.ts';
import { quietHours } from './notify.ts';
import { userCode } from './pairing.ts';
import { runSummary } from './runs.ts';
import { publicKey, signature, signedToken } from './signed.ts';
import { role } from './users.ts';
import { keptHookNames } from './webhooks.ts';

/**
 * The language between a Host object and its agent, over the one WebSocket that the agent dialled. Every message is
 * `topic NUL payload`. The edge cuts at the first NUL and never looks into a payload that is for somebody else:
 *
 *   control\0{json}      both ways: what the two say to each other (below)
 *   c/<conn>\0{frame}    both ways: one browser socket's frames, unchanged
 *   t/<topic>\0{frame}   agent → edge: to every socket that the agent joined to the topic
 *   h/<request>\0…       both ways: a tunnelled HTTP request (tunnel.ts), binary
 *
 * The heartbeat is the browser's (wire.ts): an object has one automatic answer, for all its sockets.
 * Messages are handled in the order in which they were sent; that order is what makes backlog → live exact.
 */

export const CONTROL = 'control';

/** Where the agent dials. */
export const LINK_PATH = '/api/agent/ws';

/**
 * In the upgrade request, by which the transport knows its host before it takes a socket in: `<time>.<agent nonce>.<signature>`,
 * Ed25519 over `dialStatement`. An agent that does not send it shares a few places with every stranger.
 */
export const LINK_DIAL_HEADER = 'x-toru-dial';
export const linkDial = z
  .string()
  .regex(/^\d{1,15}\.[0-9a-f]{64}\.[\w-]{86}$/)
  .transform((text) => {
    const [time = '', agent_nonce = '', signature = ''] = text.split('.');
    return { time: Number(time), agent_nonce, signature };
  });

/** The exact bytes that a dial signs, before `purposed('dial', …)`. `time` in ms since 1970. */
export function dialStatement(message: { time: number; agent_nonce: string; origin: string; host: string }): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([message.time, message.agent_nonce, message.origin, message.host].join('\n'));
}

/** Ms since 1970, within what a Date can hold: what is beyond throws where it is written out. */
export const instant = z.int().min(0).max(8_640_000_000_000_000);

/**
 * Before the proof: plain JSON, at most UNPROVEN_BYTES each. In the challenge and the proof, `protocol` is the newest that
 * the sender speaks; in the welcome, what both do (protocol.ts). Whoever finds the other too old says so and hangs up.
 */
export const linkChallenge = z.object({
  type: z.literal('challenge'),
  protocol: z.int(),
  edge_nonce: z.string().regex(/^[0-9a-f]{64}$/),
  installation: z.uuid(),
  /** To who dialled with a signature: the edge's key, and its signature over `linkStatement`, purpose `edge`. */
  edge: z.object({ key: publicKey, signature }).optional(),
});
export const linkProof = z.object({
  type: z.literal('proof'),
  protocol: z.int(),
  host: hostId,
  name: z.string().min(1).max(80),
  version: z.string().max(40),
  agent_nonce: z.string().regex(/^[0-9a-f]{64}$/),
  /** The origin that the agent dialled: a proof that was made for another edge is worth nothing here. */
  origin: z.string().max(200),
  /** It keeps to the window that a request's head says, and answers an abort. An older agent knows TUNNEL_WINDOW only. */
  windows: z.boolean().optional(),
  /** It says `credit` for browsers' frames. Of an older agent, the edge counts nothing. */
  credit: z.boolean().optional(),
  /** It answers a `mark`. To an older agent, bodies are sent as far as their windows go. */
  marks: z.boolean().optional(),
  /** Ed25519 over `linkStatement`, purpose `link`. */
  signature,
  /** Random, and the same as long as the agent's process lives: by it the edge tells one that comes back from another with its key. */
  process: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});
export type LinkChallenge = z.infer<typeof linkChallenge>;
export type LinkProof = z.infer<typeof linkProof>;

/** The exact bytes that both sides sign, before `purposed('edge' | 'link', …)`: both nonces, the edge's origin, the installation, the host. */
export function linkStatement(message: {
  edge_nonce: string;
  agent_nonce: string;
  origin: string;
  installation: string;
  host: string;
}): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([message.edge_nonce, message.agent_nonce, message.origin, message.installation, message.host].join('\n'));
}

const homeMoves = z.array(signedToken).max(MAX_HOME_MOVES).default([]);

/** A member, as its edge has to know it. */
export const linkedMember = z.object({
  id: hostId,
  name: z.string().min(1).max(80),
  public_key: publicKey,
  certificate: signedToken,
  /** Where they differ from the users' own: enough for the edge to choose a view; the member decides again. */
  roles: z.record(userId, role),
});
export type LinkedMember = z.infer<typeof linkedMember>;

/** What a home host says of its installation: all its members, its newest directory, and its moves, oldest first. */
const membersMessage = z.object({
  type: z.literal('members'),
  members: z.array(linkedMember).max(MAX_MEMBERS),
  directory: signedToken,
  moves: homeMoves,
});

/** The messages of the edge to the agent. */
export const edgeControl = z.discriminatedUnion('type', [
  /** The proof was accepted. `epoch` is new at every link: whatever was joined before is gone. */
  z.object({
    type: z.literal('welcome'),
    epoch: z.string(),
    protocol: z.int(),
    /** It knows `clear`. An edge that does not say so is told of each connection that leaves. */
    clears: z.boolean().optional(),
    /** It takes `credit` of a connection as that of its user. One that does not say so counts each connection by itself. */
    credit_by_user: z.boolean().optional(),
  }),
  /** A browser's socket, fixed to this session and its grant. Sent again for every open socket when a link comes up. */
  z.object({
    type: z.literal('open'),
    conn: connId,
    sid,
    grant: grantToken,
    address: z.string().max(64),
    user_agent: z.string().max(300),
    /** The newest that page and edge speak; an edge that does not say it speaks what we do. */
    protocol: z.int().optional(),
  }),
  /** The edge has a newer grant of the same session. */
  z.object({ type: z.literal('grant'), conn: connId, grant: grantToken }),
  z.object({ type: z.literal('closed'), conn: connId }),
  /** Another agent proved itself with this host's key while this one was live, and was refused. */
  z.object({ type: z.literal('duplicate'), at: instant, address: z.string().max(64), name: z.string().max(80) }),
  /** The edge took note of a revocation: the agent need not repeat it. */
  z.object({ type: z.literal('revoked'), id: z.string().max(64) }),
  /** How far is the agent? It answers `arrived` when it has read all that came before. */
  z.object({ type: z.literal('mark') }),
  /** To a member: what the home host signed last (shared/members.ts), its moves oldest first. */
  z.object({
    type: z.literal('directory'),
    directory: signedToken,
    certificate: signedToken,
    moves: homeMoves,
    /** The home host's, as the edge has it. A member believes another one than it knows only after a word of consent (`toru trust`). */
    key: publicKey.optional(),
  }),
  /** To a member that the home host handed over to, by the last of these moves (shared/handover.ts). Said at each link of a home host that moved. */
  z.object({ type: z.literal('home'), moves: homeMoves }),
  /** What the member answered, or why it was not asked. */
  z.object({
    type: z.literal('handover'),
    id: uuid,
    answer: z.discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), value: z.unknown() }),
      z.object({ ok: z.literal(false), code: z.custom<ErrorCode>(isErrorCode), message: z.string().max(1000) }),
    ]),
  }),
  /** The answer to `presence`. */
  z.object({ type: z.literal('presence'), id: uuid, members: z.array(memberPresence).max(MAX_MEMBERS) }),
]);
export type EdgeControl = z.infer<typeof edgeControl>;

/** So many devices at most are told that a host is away. */
export const MAX_HOST_ALERTS = 64;

/** `SealedPush` of shared/push.ts. */
const sealedPush = z.object({
  authorization: z.string().regex(/^vapid t=[\w.-]{1,1000}, k=[\w-]{87}$/),
  topic: z.string().regex(/^[\w-]{1,32}$/),
  body: z.string().regex(/^[\w-]{1,6000}$/),
});

/** What a device is told when its host is away, and when it is back: sealed by the host, delivered by the edge. */
export const hostAlert = z.object({
  device: uuid,
  /** The alert ends with this session. */
  sid,
  endpoint: z.string().max(1000),
  quiet: quietHours.nullable(),
  /** Nothing before this, once. */
  silent_until: instant.optional(),
  /** After that, no push service takes it any more. */
  expires_at: instant,
  away: sealedPush,
  back: sealedPush,
});
export type HostAlert = z.infer<typeof hostAlert>;

/** The messages of the agent to the edge. */
export const agentControl = z.discriminatedUnion('type', [
  z.object({ type: z.literal('join'), conn: connId, topic: topicName }),
  z.object({ type: z.literal('leave'), conn: connId, topic: topicName }),
  /** Everybody leaves: nothing more will be said on it. */
  z.object({ type: z.literal('clear'), topic: topicName }),
  z.object({ type: z.literal('close'), conn: connId, code: z.int().min(1000).max(4999), reason: z.string().max(120) }),
  /** End these sessions, close their sockets. Repeated after a reconnect until `revoked` comes back. */
  z.object({ type: z.literal('revoke'), id: z.string().max(64), sids: z.array(sid).max(1000) }),
  /**
   * So much of what the users of these connections sent was read, in UTF-16 units of their frames: the rest is on its way
   * or waits at the agent.
   */
  z.object({ type: z.literal('credit'), conns: z.record(connId, z.int().nonnegative()) }),
  /** The answer to the oldest `mark` that has none. */
  z.object({ type: z.literal('arrived') }),
  /** For the ring that is shown while the host is away. */
  z.object({ type: z.literal('run'), run: runSummary }),
  /** The host is called otherwise from now on. An edge that does not know this learns it at the next link. */
  z.object({ type: z.literal('name'), name: z.string().min(1).max(80) }),
  /** All devices that are told when this host is away, instead of those before. An edge that does not know this tells nobody. */
  z.object({ type: z.literal('alerts'), alerts: z.array(hostAlert).max(MAX_HOST_ALERTS) }),
  /**
   * The hooks whose requests are kept while the host is away, instead of those before: names, and no secrets. An edge that does not know
   * this keeps nothing.
   */
  z.object({ type: z.literal('kept_hooks'), names: keptHookNames }),
  /**
   * Of the home host: all its members, instead of those before, and its newest directory. An edge that does not know this has the hosts
   * of HOST_KEYS only.
   */
  membersMessage,
  /** Of the home host: an admin decided on a request to pair. The certificate of one that was approved came in `members` before. */
  z.object({ type: z.literal('pairing'), user_code: userCode, outcome: z.enum(['approved', 'denied']) }),
  /** Of the home host, to one of its members: see `linkHandover`. An edge that does not know this does not answer. */
  z.object({ type: z.literal('handover'), id: uuid, host: hostId, offer: handoverOffer.nullable() }),
  /** Of the home host: which of its members are there? An edge that does not know this does not answer. */
  z.object({ type: z.literal('presence'), id: uuid }),
  /** The agent stops on purpose. */
  z.object({ type: z.literal('bye'), reason: z.string().max(120) }),
]);
export type AgentControl = z.infer<typeof agentControl>;
/** The member's answer to step 2 of a handover: what it says once it is the home host. */
export const handoverAnswer = membersMessage.omit({ type: true, moves: true });
export type HandoverAnswer = z.infer<typeof handoverAnswer>;

/** Why an agent's socket was closed. */
export const LINK_CLOSE = {
  unknown_host: 4401,
  bad_proof: 4403,
  protocol: 4406,
  too_slow: 4408,
  replaced: 4409,
  duplicate_host: 4410,
  revoked: 4411,
} as const;

/** One message, as text: for control and browser frames. */
export function textMessage(topic: string, payload: string): string {
  return `${topic}\0${payload}`;
}

const encoder = new TextEncoder();

/** One message, as bytes: for the tunnel. */
export function binaryMessage(topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = encoder.encode(`${topic}\0`);
  const message = new Uint8Array(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  return message;
}

/** Cuts at the first NUL. Null when there is none within the longest topic. */
export function cutText(message: string): { topic: string; payload: string } | null {
  const at = message.indexOf('\0');
  return at < 0 || at > 100 ? null : { topic: message.slice(0, at), payload: message.slice(at + 1) };
}

export function cutBinary(message: Uint8Array): { topic: string; payload: Uint8Array } | null {
  const at = message.subarray(0, 101).indexOf(0);
  return at < 0 ? null : { topic: new TextDecoder().decode(message.subarray(0, at)), payload: message.subarray(at + 1) };
}
