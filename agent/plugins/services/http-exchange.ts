import type { HttpCancel, HttpCredit, HttpData, HttpEnd, HttpRequest, HttpResponse } from '../../../plugin-sdk/src/protocol.ts';
import { BODY_WINDOW, MAX_BODY_CHUNK } from '../../../plugin-sdk/src/protocol.ts';
import { CreditGate, IncomingBody, pumpBody } from '../../../shared/body-stream.ts';
import { ToruError, toToruError } from '../../../shared/errors.ts';
import { TUNNEL_MAX_HEADERS } from '../../../shared/limits.ts';
import { isPluginHeader } from '../../../shared/plugin-headers.ts';
import { RESPONSE_HEADERS } from '../../../shared/tunnel.ts';
import type { PluginPeer } from '../protocol/peer.ts';

type Payload = HttpRequest | HttpData | HttpEnd | HttpCredit | HttpCancel;

/** Statuses that can't have a body (https://fetch.spec.whatwg.org/#null-body-status). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** One request at a plugin, from its head to the end of the answer's body. */
export class HttpExchange {
  readonly #peer: PluginPeer;
  readonly #id: string;
  readonly #headless: boolean;
  readonly #ended: () => void;
  readonly #gate = new CreditGate(BODY_WINDOW);
  readonly #answered = Promise.withResolvers<Response>();
  #body: IncomingBody | null = null;
  /** Of a streamed answer: bytes that its Content-Length still promises; null when it said none. */
  #promised: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #over = false;
  #stopListening: () => void = () => undefined;

  constructor(peer: PluginPeer, id: string, headless: boolean, ended: () => void) {
    this.#peer = peer;
    this.#id = id;
    this.#headless = headless;
    this.#ended = ended;
  }

  /**
   * Sends by `ask`, and waits for the answer's head. Ends early when the asker leaves, the plugin does, or time is up.
   * @throws what `fail` was given, or what `ask` throws.
   */
  run(asker: AbortSignal, headTimeoutMs: number, ask: () => Promise<void>): Promise<Response> {
    const { gone } = this.#peer;
    const onLeave = (): void => this.fail(new ToruError('bad_request', 'The client left.'));
    const onGone = (): void => this.fail(toToruError(gone.reason), true);
    this.#stopListening = () => {
      asker.removeEventListener('abort', onLeave);
      gone.removeEventListener('abort', onGone);
    };
    asker.addEventListener('abort', onLeave);
    gone.addEventListener('abort', onGone);
    if (gone.aborted) onGone();
    else if (asker.aborted) onLeave();
    else {
      this.#wait(headTimeoutMs);
      ask().then(
        () => this.#wait(headTimeoutMs),
        (error: unknown) => this.fail(toToruError(error)),
      );
    }
    return this.#answered.promise;
  }

  send(payload: Payload): void {
    if (!this.#over) this.#peer.send({ type: 'http', timestamp: new Date().toISOString(), request_id: this.#id, payload });
  }

  /** Sends the request's body as far as the plugin gives credit. An answer that comes first ends it: not all of it was wanted. */
  async upload(body: ReadableStream<Uint8Array>): Promise<void> {
    const complete = await pumpBody(body, this.#gate, async (bytes) => {
      this.send({ action: 'data', data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') });
      // A slow upload that moves is not a plugin that hangs.
      this.#timer?.refresh();
      await this.#peer.room();
    }).catch(brokeOff);
    if (complete) this.send({ action: 'end' });
  }

  /** The plugin's answer, or its head. @throws Error when it is none, or the second. */
  answer(message: HttpResponse): void {
    if (this.#body !== null) throw new Error('a second answer');
    const bodiless = this.#headless || BODILESS.has(message.status);
    const headers = new Headers((message.headers ?? []).filter(([name]) => mayReturn(name.toLowerCase())));
    if ([...headers].length > TUNNEL_MAX_HEADERS) throw new Error(`more than ${TUNNEL_MAX_HEADERS} headers`);
    const length = lengthIn(headers);
    if (BODILESS.has(message.status) && message.status !== 304) headers.delete('content-length');
    if (bodiless || message.stream !== true) {
      const bytes =
        message.body === undefined ? null : message.encoding === 'base64' ? fromBase64(message.body) : Buffer.from(message.body);
      // The length that is true, whatever the plugin says.
      if (!bodiless && bytes === null) headers.delete('content-length');
      else if (!bodiless && bytes !== null) headers.set('content-length', String(bytes.length));
      this.#answered.resolve(new Response(bodiless ? null : bytes, { status: message.status, headers }));
      if (message.stream === true) this.send({ action: 'cancel' });
      this.#finish();
      return;
    }
    this.#clear();
    this.#promised = length;
    this.#body = new IncomingBody(
      (bytes) => this.send({ action: 'credit', bytes }),
      () => this.fail(new ToruError('bad_request', 'The client left.')),
      BODY_WINDOW,
    );
    this.#answered.resolve(new Response(this.#body.stream, { status: message.status, headers }));
  }

  data(base64: string): void {
    const bytes = fromBase64(base64);
    if (bytes.length > MAX_BODY_CHUNK) return this.fail(new ToruError('plugin_failed', `At most ${MAX_BODY_CHUNK} bytes a piece.`));
    if (this.#promised !== null) this.#promised -= bytes.length;
    if (this.#promised !== null && this.#promised < 0) throw new Error('a body that is longer than its Content-Length');
    try {
      this.#body?.push(bytes);
    } catch {
      this.fail(new ToruError('plugin_failed', `${this.#peer.manifest.name} sent more than it was given credit for.`));
    }
  }

  end(): void {
    if (this.#promised !== null && this.#promised > 0) throw new Error('a body that is shorter than its Content-Length');
    this.#body?.end();
    if (this.#body !== null) this.#finish();
  }

  credit(bytes: number): void {
    this.#gate.add(bytes);
    // It reads, if slowly.
    this.#timer?.refresh();
  }

  /** Ends it. @param reported the plugin knows: it said so, or is gone. */
  fail(error: ToruError, reported = false): void {
    if (this.#over) return;
    if (!reported) this.send({ action: 'cancel' });
    this.#body?.fail(error);
    this.#answered.reject(error);
    this.#finish();
  }

  #wait(ms: number): void {
    this.#clear();
    if (this.#over || this.#body !== null) return;
    const { name } = this.#peer.manifest;
    this.#timer = setTimeout(
      () => this.fail(new ToruError('plugin_timeout', `${name} did not answer within ${ms / 1000} s. Its log may tell why.`)),
      ms,
    );
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#clear();
    this.#gate.close();
    this.#stopListening();
    this.#ended();
  }
}

/** A body that fails without words of ours was not sent to its end: that is its sender's matter, not a fault of this side. */
export function brokeOff(error: unknown): never {
  if (error instanceof ToruError) throw error;
  throw new ToruError('bad_request', 'The body of the request broke off.', { cause: error });
}

function mayReturn(name: string): boolean {
  return RESPONSE_HEADERS.has(name) || isPluginHeader(name);
}

/** A length that is not kept would make the next answer of a connection begin in this one. @throws Error when it is no number. */
function lengthIn(headers: Headers): number | null {
  const length = headers.get('content-length');
  if (length === null) return null;
  if (!/^\d{1,15}$/.test(length)) throw new Error('a Content-Length that is no number');
  return Number(length);
}

/** @throws Error: Node leaves out what is no base64, so fewer bytes come out than the text has room for. */
function fromBase64(text: string): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (bytes.length !== Math.floor(((text.length - padding) * 3) / 4)) throw new Error('what is no base64');
  return bytes;
}
