import * as z from 'zod';
import { grantToken } from './grant.ts';
import { sid } from './ids.ts';
import { TUNNEL_MAX_HEADERS, TUNNEL_WINDOW } from './limits.ts';
import { isPluginHeader } from './plugin-headers.ts';
import { NOT_AFTER } from './wire.ts';

/**
 * HTTP over the link: how one request and its answer become frames on the topic `h/<request>`. A frame is one byte of
 * kind, then its bytes. Both bodies flow under credit: a sender has a window of bytes, which the head says, and gets more
 * as they are read: half a window at the latest. A window belongs to one body of one request, so that none waits for
 * another's. The host answers an abort with an abort: then nothing of that request is on its way any more.
 */

export const FRAME = {
  /** JSON: `requestHead` toward the host, `responseHead` back. */
  head: 0x48, // H
  /** At most TUNNEL_FRAME bytes of body. */
  data: 0x44, // D
  /** The body is complete. */
  end: 0x45, // E
  /** Neither side sends more. Payload: an error code, for the log. */
  abort: 0x41, // A
  /** Four bytes, big endian: so many more bytes may come. */
  credit: 0x43, // C
} as const;
export type FrameKind = keyof typeof FRAME;

/** The head of a request, as the edge writes it. Identity stands here and nowhere in the headers. */
export const requestHead = z.object({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** As it came, encoded, beginning with `/api/`, or `/link/` for what the edge itself asks. */
  path: z
    .string()
    .max(4096)
    .regex(/^\/(?:api|link)\//),
  /** With its `?`, or empty. */
  query: z.string().max(8192),
  headers: z.array(z.tuple([z.string(), z.string()])).max(TUNNEL_MAX_HEADERS),
  body: z.boolean(),
  /** The window of each of the two bodies, in bytes. TUNNEL_WINDOW where an older edge says nothing. */
  window: z.int().min(1).max(TUNNEL_WINDOW).optional(),
  /** Null only for `/link/` paths. */
  caller: z.object({ sid, grant: grantToken, address: z.string().max(64), user_agent: z.string().max(300) }).nullable(),
});
export type RequestHead = z.infer<typeof requestHead>;

export const responseHead = z.object({
  status: z.int().min(200).max(599),
  headers: z.array(z.tuple([z.string(), z.string()])).max(TUNNEL_MAX_HEADERS),
  body: z.boolean(),
});
export type ResponseHead = z.infer<typeof responseHead>;

/** The headers that go on from the page to the host, and back. Everything else stays where it is. */
export const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'content-length',
  'if-none-match',
  'range',
  NOT_AFTER,
]);
export const RESPONSE_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-range',
  'content-disposition',
  'accept-ranges',
  'etag',
  'last-modified',
  'retry-after',
]);

/** The paths on which a plugin answers, or the host for it. */
export function isPluginPath(path: string): boolean {
  return path.startsWith('/api/plugins/');
}

/** The paths whose bodies are bytes that nobody before the host reads as JSON: a plugin's, files of a press, and those of a terminal. Also below a host's name. */
export function takesBytes(path: string): boolean {
  return /^\/api\/(?:hosts\/[^/]+\/)?(?:plugins\/|uploads$|terminals\/[^/]+\/files$)/.test(path);
}

/** The pairs of `headers` that may pass to or from this path; on a plugin's, also its own (`x-…`). */
export function passable(headers: Headers, allowed: ReadonlySet<string>, path: string): [string, string][] {
  const own = isPluginPath(path);
  return [...headers].filter(([name]) => allowed.has(name) || (own && isPluginHeader(name)));
}

const KIND_OF = new Map<number, FrameKind>(Object.entries(FRAME).flatMap(([kind, byte]) => (isKind(kind) ? [[byte, kind]] : [])));

function isKind(kind: string): kind is FrameKind {
  return Object.hasOwn(FRAME, kind);
}

export function encodeFrame(kind: FrameKind, bytes: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(bytes.length + 1);
  frame[0] = FRAME[kind];
  frame.set(bytes, 1);
  return frame;
}

export function encodeJson(kind: 'head', value: RequestHead | ResponseHead): Uint8Array<ArrayBuffer> {
  return encodeFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

export function encodeCredit(bytes: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes);
  return encodeFrame('credit', payload);
}

/** Null when the first byte is none of ours. */
export function decodeFrame(frame: Uint8Array): { kind: FrameKind; bytes: Uint8Array } | null {
  const kind = KIND_OF.get(frame[0] ?? -1);
  return kind === undefined ? null : { kind, bytes: frame.subarray(1) };
}

/** @returns the number of bytes granted, 0 when the frame is not a credit. */
export function creditOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) : 0;
}
