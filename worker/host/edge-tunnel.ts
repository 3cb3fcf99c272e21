import { CreditGate, IncomingBody, pumpBody, sendInTurns } from '../../shared/body-stream.ts';
import { randomHex } from '../../shared/encoding.ts';
import { isErrorCode, ToruError, toToruError } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { LINK_DEAD_MS, MAX_JSON_BODY, TUNNEL_HEAD_TIMEOUT_MS, TUNNEL_WINDOW } from '../../shared/limits.ts';
import type { Turn } from '../../shared/outbound.ts';
import { Semaphore } from '../../shared/semaphore.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import {
  creditOf,
  decodeFrame,
  encodeCredit,
  encodeFrame,
  encodeJson,
  passable,
  RESPONSE_HEADERS,
  responseHead,
  takesBytes,
} from '../../shared/tunnel.ts';
import type { Role } from '../../shared/users.ts';
import { BodyTurns } from './body-turns.ts';
import { WindowPool } from './window-pool.ts';

const MiB = 1024 * 1024;
/** Requests on the link at once. Each may hold a window of answer that its client does not read; an object has 128 MB. */
const REQUESTS = { slots: 144, perKey: 16, share: 1 / 4, small: 4, reserved: 8, queueLimit: 448, waitMs: TUNNEL_HEAD_TIMEOUT_MS };
/** What all windows have: of bodies on their way to the agent as much again, since workerd buffers what it does not read. */
const WINDOWS = 32 * MiB;
/** An agent that knows no windows lets every answer have TUNNEL_WINDOW, and gives credit for half of that at the earliest. */
const OLD_AGENT = { requests: { ...REQUESTS, slots: 64, share: 1 / 2 }, window: TUNNEL_WINDOW / 2 };
/** A request whose body says that it is at most so long does not wait behind uploads of its own user. */
const SMALL_BODY = 16 * 1024;
/** Of a body that is not JSON (`MAX_JSON_BODY`): what a plugin may be sent. */
const MAX_RAW_BODY = 100 * MiB;
/** A file into a terminal. Cloudflare itself takes no body above 100 MB on most plans; an edge at home does. */
const MAX_FILE_BODY = 4096 * MiB;

/** Statuses that can't have a body (https://fetch.spec.whatwg.org/#null-body-status). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What the tunnel writes to: the link, or nothing while it is away; `fail` follows then. */
export interface TunnelSink {
  /** A frame of a request, at once. */
  send(request: string, frame: Uint8Array): void;
  /** Calls back when one frame of a body of this user may be sent. */
  turn(user: string, callback: Turn): void;
}

/** For whom a request is. The role is a hint about turns: what anybody may do is the host's to decide. */
export interface Asker {
  readonly sub: string;
  readonly role: Role;
}

interface Exchange {
  readonly id: string;
  /** What the host still takes of the request's body. */
  readonly gate: CreditGate;
  readonly body: IncomingBody;
  readonly answered: PromiseWithResolvers<Response>;
  /** Whose turns its body takes. */
  readonly user: string;
  /** Ends with the exchange. */
  readonly over: AbortController;
  readonly path: string;
  readonly headless: boolean;
  timer: ReturnType<typeof setTimeout> | null;
  /** Nobody waits for it any more. */
  readonly ended: () => void;
  /** Nothing of it is on the link any more: another may have its place. */
  readonly gone: () => void;
}

/** The edge's end of tunnelled HTTP (shared/tunnel.ts): a request in, frames on the link, a Response out. */
export class Tunnel {
  readonly #sink: TunnelSink;
  readonly #exchanges = new Map<string, Exchange>();
  /** Broken off by us, with bytes of a body in the socket: each holds its place until the agent has answered the abort. */
  readonly #leaving = new Map<string, () => void>();
  /** Null: the agent knows no windows. */
  #windows: WindowPool | null = null;
  #semaphore = new Semaphore(OLD_AGENT.requests);
  /** Of this link: what waited for turns goes with it. */
  #turns = this.#newTurns();

  constructor(sink: TunnelSink) {
    this.#sink = sink;
  }

  get underWay(): number {
    return this.#exchanges.size;
  }

  /** There is a link, with nothing on it. @param windows its agent keeps to the window that a head says. */
  linked(windows: boolean): void {
    this.#windows = windows ? new WindowPool(WINDOWS, TUNNEL_WINDOW) : null;
    this.#semaphore = new Semaphore(windows ? REQUESTS : OLD_AGENT.requests);
    this.#turns = this.#newTurns();
  }

  /**
   * Asks the host. The answer's body arrives as it is read.
   * @param client aborts when the client leaves; so does cancelling the answer's body. Either is said to the host once.
   * @param asker whose share of the link it takes: of all sessions together, since anybody can log in again and again. Null for
   * what the edge itself asks (a login, a renewal), which never waits behind somebody's downloads.
   * @throws ToruError busy, host_timeout, host_offline, too_large.
   */
  async ask(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | null,
    client: AbortSignal | null,
    asker: Asker | null,
  ): Promise<Response> {
    const semaphore = this.#semaphore;
    const request = { small: isSmall(head), admin: asker?.role === 'admin' };
    if (asker !== null) await semaphore.acquire(asker.sub, client, request);
    const windows = this.#windows;
    const window = windows?.take() ?? null;
    const exchange = this.#begin(head, client, asker?.sub ?? '', window ?? OLD_AGENT.window, () => {
      if (window !== null) windows?.giveBack(window);
      if (asker !== null) semaphore.release(asker.sub, request);
    });
    this.#send(exchange.id, encodeJson('head', window === null ? head : { ...head, window }));
    if (body !== null) void this.#upload(exchange, body, largestBody(head));
    return exchange.answered.promise;
  }

  /** One frame from the host. What belongs to a request that is over is dropped: the two sides may cross. */
  receive(request: string, bytes: Uint8Array): void {
    const exchange = this.#exchanges.get(request);
    const frame = decodeFrame(bytes);
    if (frame?.kind === 'abort') this.#leaving.get(request)?.();
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
    for (const gone of [...this.#leaving.values()]) gone();
    this.#semaphore.refuseAll(error);
  }

  #begin(head: RequestHead, client: AbortSignal | null, user: string, window: number, gone: () => void): Exchange {
    const id = randomHex(16);
    const onLeave = (): void => this.#abort(exchange, new ToruError('bad_request', 'The client left.'));
    const exchange: Exchange = {
      id,
      gate: new CreditGate(window),
      body: new IncomingBody((granted) => this.#send(id, encodeCredit(granted)), onLeave),
      answered: Promise.withResolvers<Response>(),
      user,
      over: new AbortController(),
      path: head.path,
      headless: head.method === 'HEAD',
      timer: null,
      ended: () => client?.removeEventListener('abort', onLeave),
      gone,
    };
    this.#exchanges.set(id, exchange);
    this.#wait(exchange);
    client?.addEventListener('abort', onLeave);
    if (client?.aborted === true) onLeave();
    return exchange;
  }

  /** Until the head comes, something has to move within the timeout, either way; a slow upload that moves is not a dead host. */
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
    const { id, user } = exchange;
    const turns = this.#turns;
    try {
      const complete = await pumpBody(body, exchange.gate, async (bytes) => {
        sent += bytes.length;
        if (sent > largest) throw new ToruError('too_large', `A request's body may have ${largest} bytes at most.`);
        const turn = (callback: Turn): void => turns.turn(user, id, callback);
        await sendInTurns(bytes, turn, exchange.over.signal, (frame) => {
          this.#send(id, encodeFrame('data', frame));
          turns.sent(user, frame.length);
        });
        if (exchange.timer !== null) this.#wait(exchange);
      });
      if (!complete) return;
      this.#send(id, encodeFrame('end'));
      if (exchange.timer !== null) this.#wait(exchange);
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
      if (exchange.gate.underWay > 0) this.#leave(exchange);
      this.#send(exchange.id, encodeFrame('abort', new TextEncoder().encode(error.code)));
    }
    this.#end(exchange, error);
  }

  /**
   * The agent may not be reading at all, and its bytes still lie in the socket: asking and leaving again and again fills
   * nothing. They count until the agent says that they are gone, or a silent link would have been found dead.
   */
  #leave({ id, gone }: Exchange): void {
    const timer = setTimeout(() => this.#leaving.get(id)?.(), LINK_DEAD_MS);
    this.#leaving.set(id, () => {
      clearTimeout(timer);
      this.#leaving.delete(id);
      gone();
    });
  }

  #newTurns(): BodyTurns {
    return new BodyTurns((user, callback) => this.#sink.turn(user, callback));
  }

  #send(request: string, frame: Uint8Array): void {
    this.#sink.send(request, frame);
  }

  /** Once; whatever comes later for it is dropped. */
  #end(exchange: Exchange, error?: ToruError): void {
    if (!this.#exchanges.delete(exchange.id)) return;
    if (exchange.timer !== null) clearTimeout(exchange.timer);
    exchange.gate.close();
    exchange.over.abort(error);
    if (error !== undefined) {
      exchange.body.fail(error);
      exchange.answered.reject(error);
    }
    exchange.ended();
    if (!this.#leaving.has(exchange.id)) exchange.gone();
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

function isSmall({ body, headers }: RequestHead): boolean {
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  return !body || (length !== undefined && Number(length) <= SMALL_BODY);
}

function largestBody(head: RequestHead): number {
  if (/\/files$/.test(head.path) && takesBytes(head.path)) return MAX_FILE_BODY;
  return takesBytes(head.path) || !isJson(head) ? MAX_RAW_BODY : MAX_JSON_BODY;
}

function isJson(head: RequestHead): boolean {
  return head.headers.some(([name, value]) => name === 'content-type' && /^application\/(?:[\w.+-]+\+)?json\b/i.test(value));
}
