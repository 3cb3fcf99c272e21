import type { Asker, HttpRequest } from '../../../plugin-sdk/src/protocol.ts';
import { MAX_INLINE_BODY } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError, unreachable } from '../../../shared/errors.ts';
import { getOrInsert } from '../../../shared/get-or-insert.ts';
import type { MessageOf, PluginPeer, PluginService } from '../protocol/peer.ts';
import { brokeOff, HttpExchange } from './http-exchange.ts';

/** One HTTP request for a plugin, as the API took it in. */
export interface PluginRequest {
  method: string;
  /** Below the plugin's prefix, encoded as it came. */
  path: string;
  query: string;
  headers: [name: string, value: string][];
  user: Asker;
  body: ReadableStream<Uint8Array> | null;
  /** Aborts when whoever asked leaves. */
  signal: AbortSignal;
}

/** Requests under way at one plugin; one more is answered 503. */
export const MAX_PLUGIN_REQUESTS = 2048;

/**
 * HTTP to plugins: a request becomes messages on the plugin's connection, its answer a Response. Both bodies flow under
 * credit, so that neither side holds more than a window of either.
 */
export class HttpService implements PluginService<'http'> {
  readonly type = 'http';
  readonly #peers = new WeakMap<PluginPeer, Map<string, HttpExchange>>();
  readonly #headTimeoutMs: number;
  #last = 0;

  /** @param headTimeoutMs from the end of the request's body to the head of the answer: below the edge's own, so that ours is told. */
  constructor(headTimeoutMs = 25_000) {
    this.#headTimeoutMs = headTimeoutMs;
  }

  /**
   * Asks a plugin.
   * @returns with the answer's head; its body comes as it is read.
   * @throws ToruError plugin_down (it ended meanwhile), plugin_timeout, plugin_failed (its own words), busy.
   */
  async ask(peer: PluginPeer, request: PluginRequest): Promise<Response> {
    const exchanges = this.#exchangesOf(peer);
    if (exchanges.size >= MAX_PLUGIN_REQUESTS)
      throw new ToruError('busy', `${peer.manifest.name} has ${MAX_PLUGIN_REQUESTS} requests under way. Try again in a moment.`);
    const id = `h${++this.#last}`;
    const exchange = new HttpExchange(peer, id, request.method === 'HEAD', () => exchanges.delete(id));
    exchanges.set(id, exchange);
    return exchange.run(request.signal, this.#headTimeoutMs, async () => {
      const body = await openBody(request);
      exchange.send(headOf(request, body));
      if (body instanceof ReadableStream) await exchange.upload(body);
    });
  }

  receive(peer: PluginPeer, { request_id, payload }: MessageOf<'http'>): void {
    // What belongs to a request that is over is dropped: a cancel and an answer may cross.
    const exchange = this.#exchangesOf(peer).get(request_id);
    if (exchange === undefined) return;
    try {
      take(peer, exchange, payload);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'not an answer';
      exchange.fail(new ToruError('plugin_failed', `${peer.manifest.name} answered what is no answer: ${why}`));
    }
  }

  #exchangesOf(peer: PluginPeer): Map<string, HttpExchange> {
    return getOrInsert(this.#peers, peer, () => new Map());
  }
}

function take(peer: PluginPeer, exchange: HttpExchange, payload: MessageOf<'http'>['payload']): void {
  switch (payload.action) {
    case 'response':
      return exchange.answer(payload);
    case 'data':
      return exchange.data(payload.data);
    case 'end':
      return exchange.end();
    case 'credit':
      return exchange.credit(payload.bytes);
    case 'error':
      return exchange.fail(refusalOf(peer, payload.code, payload.message), true);
    default:
      return unreachable(payload);
  }
}

/** A short body of known length in one piece; any other as the stream that it is. */
async function openBody({ body, headers }: PluginRequest): Promise<ReadableStream<Uint8Array> | Buffer | null> {
  if (body === null) return null;
  const length = headers.find(([name]) => name === 'content-length')?.[1] ?? '';
  if (!/^\d{1,6}$/.test(length) || Number(length) > MAX_INLINE_BODY) return body;
  return wholeOf(body, Number(length)).catch(brokeOff);
}

/** @throws ToruError bad_request when it has not this length: it is not read further. */
async function wholeOf(body: ReadableStream<Uint8Array>, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > length) break;
    pieces.push(piece);
  }
  if (bytes !== length)
    throw new ToruError('bad_request', `The body is ${bytes > length ? 'longer' : 'shorter'} than its Content-Length says.`);
  return Buffer.concat(pieces);
}

function headOf({ method, path, query, headers, user }: PluginRequest, body: ReadableStream<Uint8Array> | Buffer | null): HttpRequest {
  const head: HttpRequest = { action: 'request', method, path, query, headers, user };
  if (body === null) return head;
  return Buffer.isBuffer(body) ? { ...head, ...inline(body) } : { ...head, stream: true };
}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function inline(bytes: Buffer): { body: string; encoding: 'utf8' | 'base64' } {
  try {
    return { body: text.decode(bytes), encoding: 'utf8' };
  } catch {
    return { body: bytes.toString('base64'), encoding: 'base64' };
  }
}

function refusalOf({ manifest }: PluginPeer, code: string, message: string): ToruError {
  const received = `${manifest.name}: ${message.slice(0, 500)}`;
  switch (code) {
    case 'not_found':
      return new ToruError('not_found', received);
    case 'too_large':
      return new ToruError('too_large', received);
    case 'forbidden':
      return new ToruError('forbidden', received);
    case 'conflict':
      return new ToruError('conflict', received);
    case 'busy':
      return new ToruError('busy', received);
    default:
      return new ToruError('plugin_failed', received);
  }
}
