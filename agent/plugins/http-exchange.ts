import type { HttpCancel, HttpCredit, HttpData, HttpEnd, HttpRequest, HttpResponse } from '../../plugin-sdk/src/protocol.ts';
import { BODY_WINDOW, MAX_BODY_CHUNK } from '../../plugin-sdk/src/protocol.ts';
import { CreditGate, IncomingBody, pumpBody } from '../../shared/body-stream.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import { isPluginHeader } from '../../shared/plugin-headers.ts';
import { RESPONSE_HEADERS } from '../../shared/tunnel.ts';
import type { PluginPeer } from './peer.ts';

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
  readonly #answered: Promise<Response>;
  #resolve: (response: Response) => void = () => undefined;
  #reject: (error: ToruError) => void = () => undefined;
  #body: IncomingBody | null = null;
  #timer: NodeJS.Timeout | null = null;
  #over = false;
  #stopListening: () => void = () => undefined;

  constructor(peer: PluginPeer, id: string, headless: boolean, ended: () => void) {
    this.#peer = peer;
    this.#id = id;
    this.#headless = headless;
    this.#ended = ended;
    this.#answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
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
    return this.#answered;
  }

  send(payload: Payload): void {
    if (!this.#over) this.#peer.send({ type: 'http', timestamp: new Date().toISOString(), request_id: this.#id, payload });
  }

  /** Sends the request's body as far as the plugin gives credit. An answer that comes first ends it: not all of it was wanted. */
  async upload(body: ReadableStream<Uint8Array>): Promise<void> {
    const whole = await pumpBody(body, this.#gate, async (bytes) => {
      this.send({ action: 'data', data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') });
      await this.#peer.room();
    });
    if (whole) this.send({ action: 'end' });
  }

  /** The plugin's answer, or its head. @throws Error when it is none, or the second. */
  answer(said: HttpResponse): void {
    if (this.#body !== null) throw new Error('a second answer');
    const bodiless = this.#headless || BODILESS.has(said.status);
    const headers = new Headers((said.headers ?? []).filter(([name]) => mayReturn(name.toLowerCase())));
    if (bodiless || said.stream !== true) {
      const bytes = said.body === undefined ? null : Buffer.from(said.body, said.encoding ?? 'utf8');
      // The length that is true, whatever the plugin says.
      if (bytes === null) headers.delete('content-length');
      else if (!this.#headless) headers.set('content-length', String(bytes.length));
      this.#resolve(new Response(bodiless ? null : bytes, { status: said.status, headers }));
      if (said.stream === true) this.send({ action: 'cancel' });
      this.#finish();
      return;
    }
    this.#clear();
    this.#body = new IncomingBody(
      (bytes) => this.send({ action: 'credit', bytes }),
      () => this.fail(new ToruError('bad_request', 'The client left.')),
    );
    this.#resolve(new Response(this.#body.stream, { status: said.status, headers }));
  }

  data(base64: string): void {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length > MAX_BODY_CHUNK) return this.fail(new ToruError('plugin_failed', `At most ${MAX_BODY_CHUNK} bytes a piece.`));
    try {
      this.#body?.push(bytes);
    } catch {
      this.fail(new ToruError('plugin_failed', `${this.#peer.manifest.name} sent more than it was given credit for.`));
    }
  }

  end(): void {
    this.#body?.end();
    if (this.#body !== null) this.#finish();
  }

  credit(bytes: number): void {
    this.#gate.add(bytes);
    // A slow upload that moves is not a plugin that hangs.
    this.#timer?.refresh();
  }

  /** Ends it. @param told the plugin knows: it said so, or is gone. */
  fail(error: ToruError, told = false): void {
    if (this.#over) return;
    if (!told) this.send({ action: 'cancel' });
    this.#body?.fail(error);
    this.#reject(error);
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

function mayReturn(name: string): boolean {
  return RESPONSE_HEADERS.has(name) || isPluginHeader(name);
}
