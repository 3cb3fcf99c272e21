import * as z from 'zod';
import { grantToken } from '../../shared/grant.ts';
import { connId, hostId, sid, topicName, userId } from '../../shared/ids.ts';
import { MAX_TOPICS_PER_SOCKET } from '../../shared/limits.ts';
import { linkChallenge } from '../../shared/link-protocol.ts';
import { role } from '../../shared/users.ts';

/**
 * Everything the object knows of a socket: one attachment, which survives its eviction (≤ 16,384 bytes,
 * https://developers.cloudflare.com/durable-objects/api/state/). Every map in this folder is a cache of these.
 */

/** A session, as a browser's socket is fixed to it. */
export const socketSession = z.object({
  sid,
  sub: userId,
  role,
  grant: grantToken,
  grant_exp: z.int(),
  address: z.string().max(64),
  user_agent: z.string().max(300),
  /** What page and edge speak. A socket that was opened before we asked has none. */
  protocol: z.int().optional(),
});
export type SocketSession = z.infer<typeof socketSession>;

const browser = socketSession.extend({
  kind: z.literal('browser'),
  conn: connId,
  /** What the agent joined it to. */
  topics: z.array(topicName).max(MAX_TOPICS_PER_SOCKET),
});

/** Who somebody at the agent's socket has to be. */
export const linkTerms = z.object({
  host: hostId,
  /** base64url of the raw Ed25519 key. */
  public_key: z.string(),
  installation: z.uuid(),
  /** What the agent dialled, as this edge knows it. */
  origin: z.string(),
  /** What it has to sign: good for one proof, null from the moment that one came. */
  nonce: z.string().nullable(),
  /** Did its upgrade request prove that it is the host? A socket that was opened before we asked has none of these. */
  dialled: z.boolean().optional(),
  /** Our own proof to it. */
  edge: linkChallenge.shape.edge,
  /** The client's. */
  address: z.string().max(64).optional(),
});
export type LinkTerms = z.infer<typeof linkTerms>;

const unproven = linkTerms.extend({
  kind: z.literal('unproven'),
  conn: connId,
  since: z.int(),
});

const link = z.object({
  kind: z.literal('link'),
  conn: connId,
  host: hostId,
  since: z.int(),
  /** As its proof said; a link of an older edge or agent lacks them. */
  windows: z.boolean().optional(),
  credit: z.boolean().optional(),
  marks: z.boolean().optional(),
  /** The agent's process, where it says so. */
  process: z.string().optional(),
});

const attachment = z.discriminatedUnion('kind', [browser, unproven, link]);
export type Attachment = z.infer<typeof attachment>;
export type BrowserState = z.infer<typeof browser>;
export type UnprovenState = z.infer<typeof unproven>;
export type LinkState = z.infer<typeof link>;

/** Reading an attachment is a structured clone; this reads each of them once in an object's life. */
const cache = new WeakMap<WebSocket, Attachment>();

/** Null for a socket without a readable one: it is closed, or not ours. */
export function readAttachment(socket: WebSocket): Attachment | null {
  const cached = cache.get(socket);
  if (cached !== undefined) return cached;
  const parsed = attachment.safeParse(socket.deserializeAttachment());
  if (!parsed.success) return null;
  cache.set(socket, parsed.data);
  return parsed.data;
}

export function writeAttachment(socket: WebSocket, state: Attachment): void {
  cache.set(socket, state);
  socket.serializeAttachment(state);
}

/** The two kinds of tag. They are fixed when a socket is accepted, so they only say by which way it came. */
export const TAG = { browser: 'browser', agent: 'agent' } as const;
