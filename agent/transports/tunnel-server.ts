import { CreditGate, IncomingBody, pumpBody, sendInTurns } from '../../shared/body-stream.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import type { Turn } from '../../shared/outbound.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import {
  creditOf,
  decodeFrame,
  encodeCredit,
  encodeFrame,
  encodeJson,
  passable,
  RESPONSE_HEADERS,
  requestHead,
} from '../../shared/tunnel.ts';

/** What the tunnel writes to: frames of one request, at once or when it is their turn. */
export interface TunnelSink {
  send(request: string, frame: Uint8Array): void;
  turn(callback: Turn): void;
}

/** Answers one request. The signal ends when whoever asked has left. */
export type Answer = (head: RequestHead, body: ReadableStream<Uint8Array> | null, signal: AbortSignal) => Promise<Response>;

interface Exchange {
  readonly path: string;
  readonly abort: AbortController;
  /** What the edge still takes of our answer. */
  readonly gate: CreditGate;
  readonly body: IncomingBody | null;
}

/** Requests under way at once, somewhat more than the edge lets in; one more is answered 503. Each may hold a window of body in memory. */
const MAX_EXCHANGES = 192;

/** The host's end of tunnelled HTTP (shared/tunnel.ts): frames in, a Response out, both bodies under credit. */
export class TunnelServer {
  readonly #sink: TunnelSink;
  readonly #answer: Answer;
  readonly #exchanges = new Map<string, Exchange>();

  constructor(sink: TunnelSink, answer: Answer) {
    this.#sink = sink;
    this.#answer = answer;
  }

  get underWay(): number {
    return this.#exchanges.size;
  }

  /** One frame of one request. What belongs to a request that is over is dropped: the two sides may cross. */
  receive(request: string, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    const exchange = this.#exchanges.get(request);
    if (frame === null) return;
    // Also when the request ended meanwhile: the edge keeps its place until it hears this.
    if (frame.kind === 'abort') {
      if (exchange !== undefined) this.#abort(request, exchange, new ToruError('bad_request', 'The client left.'));
      return this.#sink.send(request, encodeFrame('abort'));
    }
    if (frame.kind === 'head') {
      if (exchange === undefined) this.#begin(request, frame.bytes);
      return;
    }
    if (exchange === undefined) return;
    switch (frame.kind) {
      case 'data':
        try {
          exchange.body?.push(frame.bytes);
        } catch (error) {
          this.#abort(request, exchange, error);
          this.#sink.send(request, encodeFrame('abort', new TextEncoder().encode(toToruError(error).code)));
        }
        return;
      case 'end':
        exchange.body?.end();
        return;
      case 'credit':
        exchange.gate.add(creditOf(frame.bytes));
        return;
      default:
        frame.kind satisfies never;
    }
  }

  /** The link is gone: every request ends here. */
  close(): void {
    for (const [request, exchange] of this.#exchanges)
      this.#abort(request, exchange, new ToruError('host_offline', 'The link to the edge was lost.'));
  }

  #begin(request: string, bytes: Uint8Array): void {
    const head = requestHead.safeParse(parseJsonOrNull(new TextDecoder().decode(bytes)));
    const refusal = !head.success
      ? new ToruError('bad_request', 'The edge and this host do not speak the same version of Toru. Update both.')
      : this.#exchanges.size >= MAX_EXCHANGES
        ? new ToruError('busy', 'This host has too many requests under way. Try again in a moment.')
        : null;
    const exchange: Exchange = {
      path: head.data?.path ?? '',
      abort: new AbortController(),
      gate: new CreditGate(head.data?.window),
      body:
        refusal === null && head.data?.body === true
          ? new IncomingBody(
              (granted) => this.#sink.send(request, encodeCredit(granted)),
              () => undefined, // What the handler does not read simply gets no more credit.
              head.data.window,
            )
          : null,
    };
    this.#exchanges.set(request, exchange);
    const answered =
      refusal !== null || head.data === undefined
        ? Promise.resolve(errorResponse(refusal ?? new ToruError('bad_request', 'No request.')))
        : this.#answer(head.data, exchange.body?.stream ?? null, exchange.abort.signal).catch(errorResponse);
    void answered
      .then((response) => this.#send(request, exchange, response))
      .finally(() => {
        this.#exchanges.delete(request);
      });
  }

  async #send(request: string, exchange: Exchange, response: Response): Promise<void> {
    const { signal } = exchange.abort;
    if (signal.aborted) {
      // A body that broke off with its request rejects this, too: there is nobody left to tell.
      await response.body?.cancel().catch(() => undefined);
      return;
    }
    this.#sink.send(
      request,
      encodeJson('head', {
        status: response.status,
        headers: passable(response.headers, RESPONSE_HEADERS, exchange.path),
        body: response.body !== null,
      }),
    );
    if (response.body === null) return;
    try {
      const complete = await pumpBody(response.body, exchange.gate, (bytes) =>
        sendInTurns(
          bytes,
          (turn) => this.#sink.turn(turn),
          signal,
          (frame) => this.#sink.send(request, encodeFrame('data', frame)),
        ),
      );
      if (complete) this.#sink.send(request, encodeFrame('end'));
    } catch (error) {
      // The answer broke off after its head: all that is left to say is that it is not whole.
      if (!signal.aborted) this.#sink.send(request, encodeFrame('abort', new TextEncoder().encode(toToruError(error).code)));
    }
  }

  #abort(request: string, exchange: Exchange, reason: unknown): void {
    this.#exchanges.delete(request);
    exchange.gate.close();
    exchange.body?.fail(reason);
    exchange.abort.abort(reason);
  }
}

function errorResponse(thrown: unknown): Response {
  const error = toToruError(thrown);
  return Response.json(error.toBody(), { status: error.status });
}
