import type { IncomingBody } from '../../../shared/body-stream.ts';
import { CreditGate } from '../../../shared/body-stream.ts';
import type { Connection } from '../agent-connection.ts';
import { begin, bytesOf, incomingBody, inlineOf, sendBody } from '../body.ts';
import type { Asker, Failure, HttpCredit, HttpData, HttpEnd, HttpResponse, ToPlugin } from '../protocol.ts';
import { BODY_WINDOW } from '../protocol.ts';

interface Pending {
  abort: AbortController;
  gate: CreditGate;
  answered: PromiseWithResolvers<Response>;
  body: IncomingBody | null;
}

/** Statuses whose Response can't have a body. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** The agent's side of requests to a plugin. */
export class HostRequests {
  readonly #connection: Connection<ToPlugin>;
  readonly #open = new Map<string, Pending>();
  #last = 0;

  constructor(connection: Connection<ToPlugin>) {
    this.#connection = connection;
    connection.gone.addEventListener('abort', () => {
      for (const id of [...this.#open.keys()]) this.#end(id, new Error('The plugin ended before it had answered.'));
    });
  }

  async fetch(path: string, init: RequestInit, user: Asker): Promise<Response> {
    const request = new Request(`http://plugin${path}`, { ...init, ...(init.body instanceof ReadableStream ? { duplex: 'half' } : {}) });
    this.#connection.gone.throwIfAborted();
    this.#last += 1;
    const id = `http-${this.#last}`;
    const abort = new AbortController();
    const pending: Pending = { abort, gate: new CreditGate(BODY_WINDOW), answered: Promise.withResolvers(), body: null };
    this.#open.set(id, pending);
    const leave = (): void => this.#cancel(id, new DOMException('The request was aborted.', 'AbortError'));
    if (request.signal.aborted) leave();
    request.signal.addEventListener('abort', leave, { once: true });
    this.#send(id, request, user, pending).catch((error: unknown) => {
      if (!abort.signal.aborted) this.#cancel(id, error instanceof Error ? error : new Error(String(error)));
    });
    return pending.answered.promise;
  }

  receive(id: string, message: HttpResponse | HttpData | HttpEnd | HttpCredit | Failure): void {
    const request = this.#open.get(id);
    if (request === undefined) return;
    switch (message.action) {
      case 'response':
        if (message.stream === true) {
          const credit = (bytes: number): void =>
            this.#connection.send({ type: 'http', request_id: id, payload: { action: 'credit', bytes } });
          request.body = incomingBody(credit, () => this.#cancel(id, new Error('Nobody reads the answer.')));
        }
        request.answered.resolve(responseOf(message, request.body?.stream ?? bytesOf(message)));
        if (request.body === null) this.#end(id, null);
        return;
      case 'data':
        request.body?.push(Buffer.from(message.data, 'base64'));
        return;
      case 'end':
        request.body?.end();
        this.#end(id, null);
        return;
      case 'credit':
        request.gate.add(message.bytes);
        return;
      case 'error':
        this.#end(id, new Error(`${message.message} [${message.code}]`));
        return;
      default:
        message satisfies never;
    }
  }

  async #send(id: string, request: Request, user: Asker, { abort: { signal }, gate }: Pending): Promise<void> {
    const { pathname, search } = new URL(request.url);
    const { method, headers, body } = request;
    const head = { action: 'request' as const, method, path: pathname, query: search, headers: [...headers], user };
    const send = (payload: Extract<ToPlugin, { type: 'http' }>['payload']): void =>
      this.#connection.send({ type: 'http', request_id: id, payload });
    if (body === null) return send(head);
    const begun = await begin(body, signal);
    if (begun instanceof Uint8Array) return send({ ...head, ...inlineOf(begun) });
    send({ ...head, stream: true });
    await sendBody(begun, { gate, signal, room: () => this.#connection.room(), send });
  }

  #cancel(id: string, reason: Error): void {
    if (!this.#open.has(id)) return;
    this.#connection.send({ type: 'http', request_id: id, payload: { action: 'cancel' } });
    this.#end(id, reason);
  }

  /** The answer is complete, or will never be: what is left of the request's body is not wanted any more. */
  #end(id: string, reason: Error | null): void {
    const request = this.#open.get(id);
    this.#open.delete(id);
    request?.abort.abort();
    request?.gate.close();
    if (reason === null) return;
    request?.body?.fail(reason);
    request?.answered.reject(reason);
  }
}

function responseOf(
  { status, headers }: HttpResponse,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null,
): Response {
  return new Response(BODILESS.has(status) ? null : body, { status, headers: headers ?? [] });
}
