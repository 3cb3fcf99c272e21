import type { IncomingBody } from '../../shared/body-stream.ts';
import { CreditGate } from '../../shared/body-stream.ts';
import type { Connection } from './agent-connection.ts';
import { begin, bytesOf, incomingBody, inlineOf, sendBody } from './body.ts';
import type { Log } from './log.ts';
import type { Asker, FromPlugin, HttpCancel, HttpCredit, HttpData, HttpEnd, HttpRequest, HttpResponse } from './protocol.ts';
import { BODY_WINDOW } from './protocol.ts';
import { HttpError } from './route-match.ts';

/** What a handler may return: a Response; JSON; nothing, which is 204. */
export type Answer = Response | object | string | number | boolean | null | undefined;

/** Answers one request. What it throws becomes a 500 without its text, or what an HttpError says. */
export type Answering = (request: Request, about: { path: string; user: Asker }) => Answer | Promise<Answer>;

interface Exchange {
  abort: AbortController;
  body: IncomingBody | null;
  /** What Toru lets us send of the answer's body. */
  gate: CreditGate;
}

/** The requests that are under way in this plugin. */
export class Requests {
  readonly #connection: Connection<FromPlugin>;
  readonly #answer: Answering;
  readonly #log: Log;
  readonly #open = new Map<string, Exchange>();
  #idle: (() => void)[] = [];

  constructor(connection: Connection<FromPlugin>, answer: Answering, log: Log) {
    this.#connection = connection;
    this.#answer = answer;
    this.#log = log;
    connection.gone.addEventListener('abort', () => {
      for (const each of this.#open.values()) this.#cancel(each, 'Toru has gone.');
    });
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  receive(id: string, message: HttpRequest | HttpData | HttpEnd | HttpCredit | HttpCancel): void {
    if (message.action === 'request') {
      this.#begin(id, message).catch((error: unknown) => this.#log.error('a request could not be answered', error));
      return;
    }
    // One that is over already: what is still on its way belongs to nobody.
    const exchange = this.#open.get(id);
    if (exchange === undefined) return;
    switch (message.action) {
      case 'data':
        exchange.body?.push(Buffer.from(message.data, 'base64'));
        return;
      case 'end':
        exchange.body?.end();
        return;
      case 'credit':
        exchange.gate.add(message.bytes);
        return;
      case 'cancel':
        this.#cancel(exchange, 'Whoever asked has left.');
        return;
      default:
        message satisfies never;
    }
  }

  async #begin(id: string, message: HttpRequest): Promise<void> {
    const abort = new AbortController();
    const credit = (bytes: number): void => this.#connection.send({ type: 'http', request_id: id, payload: { action: 'credit', bytes } });
    const body = message.stream === true ? incomingBody(credit) : null;
    const exchange: Exchange = { abort, body, gate: new CreditGate(BODY_WINDOW) };
    this.#open.set(id, exchange);
    try {
      const response = await this.#ask(message, exchange);
      if (abort.signal.aborted) await response.body?.cancel();
      else await this.#send(id, response, message.method, exchange);
    } finally {
      this.#open.delete(id);
      if (this.#open.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #ask(message: HttpRequest, { body, abort: { signal } }: Exchange): Promise<Response> {
    const { method, path, query, headers, user } = message;
    try {
      const request = new Request(`http://plugin${path}${query}`, {
        method,
        headers,
        signal,
        ...bodyOf(method, body?.stream ?? bytesOf(message)),
      });
      return responseOf(await this.#answer(request, { path, user }));
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      if (!signal.aborted) this.#log.error(`${method} ${path} failed`, error);
      return failed().toResponse();
    }
  }

  /** A body that fails half-way can't become a 500 any more: the asker's stream breaks off. */
  async #send(id: string, response: Response, method: string, { abort: { signal }, gate }: Exchange): Promise<void> {
    const head: HttpResponse = { action: 'response', status: response.status, headers: [...response.headers] };
    const send = (payload: Extract<FromPlugin, { type: 'http' }>['payload']): void =>
      this.#connection.send({ type: 'http', request_id: id, payload });
    if (response.body === null || method === 'HEAD') {
      await response.body?.cancel();
      send(head);
      return;
    }
    let streaming = false;
    try {
      const begun = await begin(response.body, signal);
      signal.throwIfAborted();
      if (begun instanceof Uint8Array) return send({ ...head, ...inlineOf(begun) });
      send({ ...head, stream: true });
      streaming = true;
      await sendBody(begun, { gate, signal, room: () => this.#connection.room(), send });
    } catch (error) {
      if (signal.aborted) return;
      this.#log.error('the body of an answer broke off', error);
      if (streaming) send({ action: 'error', code: 'internal', message: 'The plugin failed in the middle of its answer.' });
      else send({ action: 'response', status: 500, body: JSON.stringify(failed().toBody()) });
    }
  }

  #cancel({ abort, body, gate }: Exchange, why: string): void {
    const reason = new DOMException(why, 'AbortError');
    abort.abort(reason);
    body?.fail(reason);
    gate.close();
  }
}

function bodyOf(
  method: string,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null,
): RequestInit & { duplex?: 'half' } {
  return body === null || method === 'GET' || method === 'HEAD' ? {} : { body, duplex: 'half' };
}

function failed(): HttpError {
  return new HttpError(500, 'The plugin failed to answer this. Its log says why.');
}

function responseOf(answer: Answer): Response {
  if (answer instanceof Response) return answer;
  return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
}
