import { CreditGate, IncomingBody, pumpBody } from '../../shared/body-stream.ts';
import { randomHex } from '../../shared/encoding.ts';
import { isErrorCode, ToruError, toToruError } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { MAX_JSON_BODY, TUNNEL_HEAD_TIMEOUT_MS } from '../../shared/limits.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import {
  creditOf,
  decodeFrame,
  encodeCredit,
  encodeFrame,
  encodeJson,
  isPluginPath,
  passable,
  RESPONSE_HEADERS,
  responseHead,
} from '../../shared/tunnel.ts';
import { BodyShare } from './body-share.ts';
import { Turnstile } from './turnstile.ts';

const MiB = 1024 * 1024;
/** Requests on the link at once. Each may hold a window (1 MiB) of answer that its client does not read; an object has 128 MB. */
const REQUESTS = { places: 64, perGuest: 16, bench: 448, patienceMs: TUNNEL_HEAD_TIMEOUT_MS };
/** Bytes of request bodies that the agent has not taken yet: workerd buffers them without a bound when it does not read. */
const BODIES = { places: 16 * MiB, perGuest: 4 * MiB, bench: REQUESTS.places, patienceMs: null };
/** Of a body that is not JSON (`MAX_JSON_BODY`): what a plugin may be sent. */
const MAX_RAW_BODY = 100 * MiB;

/** Statuses that can't have a body (https://fetch.spec.whatwg.org/#null-body-status). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

interface Exchange {
  readonly id: string;
  /** What the host still takes of the request's body. */
  readonly gate: CreditGate;
  /** Its part of what all bodies may have on their way. */
  readonly share: BodyShare | null;
  readonly body: IncomingBody;
  readonly answered: PromiseWithResolvers<Response>;
  readonly path: string;
  readonly headless: boolean;
  timer: ReturnType<typeof setTimeout> | null;
  readonly ended: () => void;
}

/** The edge's end of tunnelled HTTP (shared/tunnel.ts): a request in, frames on the link, a Response out. */
export class Tunnel {
  readonly #send: (request: string, frame: Uint8Array) => void;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #turnstile = new Turnstile(REQUESTS);
  /** Of this link: what was on its way goes with it. */
  #bodies = new Turnstile(BODIES);

  /** @param send puts a frame of a request on the link; with the link away it is dropped, and `fail` follows. */
  constructor(send: (request: string, frame: Uint8Array) => void) {
    this.#send = send;
  }

  get underWay(): number {
    return this.#exchanges.size;
  }

  /**
   * Asks the host. The answer's body arrives as it is read.
   * @param client aborts when the client leaves; so does cancelling the answer's body. Either is said to the host once.
   * @param user whose share of the link it takes: of all sessions together, since anybody can log in again and again. Null for
   * what the edge itself asks (a login, a renewal), which never waits behind somebody's downloads.
   * @throws ToruError busy, host_timeout, host_offline, too_large.
   */
  async ask(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | null,
    client: AbortSignal | null,
    user: string | null,
  ): Promise<Response> {
    if (user !== null) await this.#turnstile.enter(user, client);
    const exchange = this.#begin(head, client, user);
    this.#send(exchange.id, encodeJson('head', head));
    if (body !== null) void this.#upload(exchange, body, isPluginPath(head.path) || !isJson(head) ? MAX_RAW_BODY : MAX_JSON_BODY);
    return exchange.answered.promise;
  }

  /** One frame from the host. What belongs to a request that is over is dropped: the two sides may cross. */
  receive(request: string, bytes: Uint8Array): void {
    const exchange = this.#exchanges.get(request);
    const frame = decodeFrame(bytes);
    if (exchange === undefined || frame === null) return;
    try {
      switch (frame.kind) {
        case 'head':
          return this.#answer(exchange, frame.bytes);
        case 'data':
          return exchange.body.push(frame.bytes);
        case 'end':
          exchange.body.end();
          return this.#end(exchange);
        case 'credit':
          // Only while its head is waited for: an answer that has begun may take as long as it likes.
          if (exchange.timer !== null) this.#wait(exchange);
          exchange.share?.taken(creditOf(frame.bytes));
          return exchange.gate.add(creditOf(frame.bytes));
        case 'abort': {
          const code = new TextDecoder().decode(frame.bytes);
          return this.#end(exchange, new ToruError(isErrorCode(code) ? code : 'internal', 'The host broke off its answer.'));
        }
        default:
          frame.kind satisfies never;
      }
    } catch (error) {
      this.#abort(exchange, toToruError(error));
    }
  }

  /** The link is gone, and every request with it. */
  fail(error: ToruError): void {
    for (const exchange of this.#exchanges.values()) this.#end(exchange, error);
    this.#turnstile.refuseAll(error);
    this.#bodies = new Turnstile(BODIES);
  }

  #begin(head: RequestHead, client: AbortSignal | null, user: string | null): Exchange {
    const id = randomHex(16);
    const onLeave = (): void => this.#abort(exchange, new ToruError('bad_request', 'The client left.'));
    const exchange: Exchange = {
      id,
      gate: new CreditGate(),
      share: user === null ? null : new BodyShare(this.#bodies, user),
      body: new IncomingBody((granted) => this.#send(id, encodeCredit(granted)), onLeave),
      answered: Promise.withResolvers<Response>(),
      path: head.path,
      headless: head.method === 'HEAD',
      timer: null,
      ended: () => {
        client?.removeEventListener('abort', onLeave);
        if (user !== null) this.#turnstile.leave(user);
      },
    };
    this.#exchanges.set(id, exchange);
    this.#wait(exchange);
    client?.addEventListener('abort', onLeave);
    if (client?.aborted === true) onLeave();
    return exchange;
  }

  /** Until the head comes, something has to move within the timeout; a slow upload that moves is not a dead host. */
  #wait(exchange: Exchange): void {
    if (exchange.timer !== null) clearTimeout(exchange.timer);
    exchange.timer = setTimeout(
      () =>
        this.#abort(
          exchange,
          new ToruError('host_timeout', `The host did not answer within ${TUNNEL_HEAD_TIMEOUT_MS / 1000} s. Try again.`),
        ),
      TUNNEL_HEAD_TIMEOUT_MS,
    );
  }

  async #upload(exchange: Exchange, body: ReadableStream<Uint8Array>, largest: number): Promise<void> {
    let sent = 0;
    try {
      const whole = await pumpBody(body, exchange.gate, async (bytes) => {
        sent += bytes.length;
        if (sent > largest) throw new ToruError('too_large', `A request's body may have ${largest} bytes at most.`);
        await exchange.share?.take(bytes.length);
        this.#send(exchange.id, encodeFrame('data', bytes));
      });
      if (whole) this.#send(exchange.id, encodeFrame('end'));
    } catch (error) {
      await body.cancel().catch(() => undefined);
      this.#abort(exchange, error instanceof ToruError ? error : new ToruError('bad_request', 'The client left.'));
    }
  }

  #answer(exchange: Exchange, bytes: Uint8Array): void {
    if (exchange.timer !== null) clearTimeout(exchange.timer);
    exchange.timer = null;
    const head = responseHead.parse(parseJsonOrNull(new TextDecoder().decode(bytes)));
    const headers = new Headers(passable(new Headers(head.headers), RESPONSE_HEADERS, exchange.path));
    if (exchange.headless || !head.body || BODILESS.has(head.status)) {
      exchange.answered.resolve(new Response(null, { status: head.status, headers }));
      if (head.body) this.#abort(exchange, new ToruError('bad_request', 'No body is wanted.'));
      else this.#end(exchange);
      return;
    }
    exchange.answered.resolve(new Response(measured(exchange.body.stream, headers), { status: head.status, headers }));
  }

  /** Ends it and tells the host so. */
  #abort(exchange: Exchange, error: ToruError): void {
    if (this.#exchanges.has(exchange.id)) {
      exchange.share?.abandon();
      this.#send(exchange.id, encodeFrame('abort', new TextEncoder().encode(error.code)));
    }
    this.#end(exchange, error);
  }

  /** Once; whatever comes later for it is dropped. */
  #end(exchange: Exchange, error?: ToruError): void {
    if (!this.#exchanges.delete(exchange.id)) return;
    if (exchange.timer !== null) clearTimeout(exchange.timer);
    exchange.gate.close();
    exchange.share?.end();
    if (error !== undefined) {
      exchange.body.fail(error);
      exchange.answered.reject(error);
    }
    exchange.ended();
  }
}

/**
 * A body whose length is said beforehand. workerd ends a chunked answer that broke off as if it were whole; of one with a
 * length, whoever reads it sees that the rest is missing.
 */
function measured(body: ReadableStream<Uint8Array>, headers: Headers): ReadableStream<Uint8Array> {
  const length = /^\d{1,15}$/.exec(headers.get('content-length') ?? '')?.[0];
  if (length === undefined) return body;
  const { readable, writable } = new FixedLengthStream(Number(length));
  // A body that fails fails its reader too: nothing is left to do here.
  body.pipeTo(writable).catch(() => undefined);
  return readable;
}

function isJson(head: RequestHead): boolean {
  return head.headers.some(([name, value]) => name === 'content-type' && /^application\/(?:[\w.+-]+\+)?json\b/i.test(value));
}
