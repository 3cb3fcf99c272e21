import type { WebSocket } from 'ws';
import { randomHex } from '../../shared/encoding.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { DUPLICATE_RETRY_MS, HEARTBEAT_MS, LINK_DEAD_MS } from '../../shared/limits.ts';
import type { AgentControl, EdgeControl } from '../../shared/link-protocol.ts';
import { binaryMessage, CONTROL, cutBinary, cutText, edgeControl, textMessage } from '../../shared/link-protocol.ts';
import type { Sink, Turn } from '../../shared/outbound.ts';
import { Outbound } from '../../shared/outbound.ts';
import { backoff, retry } from '../../shared/retry.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { PING, PONG } from '../../shared/wire.ts';
import type { Log } from '../logger.ts';
import type { Dialled, EdgeAddress, HostSelf, KeyPin } from './dial.ts';
import { DialError, dial } from './dial.ts';
import type { Identity } from './identity.ts';
import { MessageBytes } from './message-bytes.ts';

/** One live link: what the transport writes to. Everything sent after its end is dropped. */
export interface LinkSession {
  readonly epoch: string;
  readonly installation: string;
  /** Does the edge know `clear`? */
  readonly clears: boolean;
  /** Does it take credit of one connection for all of its user's? */
  readonly creditByUser: boolean;
  control(message: AgentControl): void;
  /** A text frame for a topic, at once. */
  text(topic: string, payload: string | Utf8Text): void;
  /** Bytes for a topic, at once. */
  binary(topic: string, payload: Uint8Array): void;
  /** Calls back when one frame of output may be sent. */
  turn(callback: Turn): void;
}

/** What the link hands to whoever stands behind it. Called in the order in which things arrived. */
export interface LinkListener {
  up(session: LinkSession): void;
  control(message: EdgeControl): void;
  text(topic: string, payload: string): void;
  binary(topic: string, payload: Uint8Array): void;
  down(): void;
}

/** Keeps one link to the edge, for ever. */
export class Link {
  readonly #edge: EdgeAddress;
  readonly #identity: Identity;
  readonly #self: () => HostSelf;
  readonly #listener: LinkListener;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #pin: KeyPin;
  readonly #process = randomHex(16);
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  /** Ends the wait for the next dial. */
  #wake: () => void = () => undefined;
  #leave: ((reason: string) => void) | null = null;
  #connected = false;
  #lastError: string | null = null;
  /** The last answer was that the edge does not know this host. */
  #unknownHost = false;
  /** What the edge's clock is ahead of ours, in ms. */
  #clock = 0;

  /** @param options.pin which key the edge has to prove; without it, any. */
  constructor(options: {
    edge: EdgeAddress;
    identity: Identity;
    self: () => HostSelf;
    listener: LinkListener;
    log: Pick<Log, 'info' | 'warn'>;
    pin?: KeyPin;
  }) {
    this.#edge = options.edge;
    this.#identity = options.identity;
    this.#self = options.self;
    this.#listener = options.listener;
    this.#log = options.log;
    this.#pin = options.pin ?? { key: null, learn: () => undefined };
  }

  /** For `toru status` and `toru doctor`. */
  get status(): { connected: boolean; origin: string; error: string | null; unknownHost: boolean } {
    return { connected: this.#connected, origin: this.#edge.origin, error: this.#lastError, unknownHost: this.#unknownHost };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the link, if there is one, and dials again at once. */
  redial(reason: string): void {
    this.#leave?.(reason);
    this.#wake();
  }

  /** Says goodbye and does not come back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #run(): Promise<void> {
    const wait = (error: unknown, failures: number): number => {
      if (error instanceof DialError && error.duplicate) return DUPLICATE_RETRY_MS;
      // The edge said the time: with that the next try is another one, and comes at once.
      return error instanceof DialError && error.now !== null && failures === 1 ? 0 : backoff(failures);
    };
    const waiting = (ms: number, _error: unknown, wake: () => void): void => {
      this.#wake = wake;
      this.#log.warn({ edge: this.#edge.origin, reason: this.#lastError, retry_ms: Math.round(ms) }, 'not linked to the edge');
    };
    return retry(() => this.#attempt(), { first: 1, wait, waiting }, this.#stop.signal);
  }

  /** One link, from its dial to its end. @returns why there was none; null after one that was there. */
  async #attempt(): Promise<unknown> {
    try {
      const { taken: ended } = await this.#dial();
      this.#lastError = null;
      this.#unknownHost = false;
      this.#log.info({ edge: this.#edge.origin }, 'linked to the edge');
      this.#lastError = await ended;
      return null;
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
      this.#unknownHost = error instanceof DialError && error.unknownHost;
      if (error instanceof DialError && error.now !== null) this.#clock = error.now - Date.now();
      return error;
    }
  }

  #dial(): Promise<{ taken: Promise<string> }> {
    const options = { identity: this.#identity, self: this.#self(), process: this.#process, pin: this.#pin, clock: this.#clock };
    return dial(this.#edge, { ...options, signal: this.#stop.signal }, (dialled) => this.#serve(dialled));
  }

  /** @returns why the link ended. */
  #serve({ socket, ...edge }: Dialled): Promise<string> {
    return new Promise((resolve) => {
      const sink: Sink = {
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
        send: (message, binary, done) => socket.send(message, { binary }, done),
        mark: () => socket.send(PING),
      };
      const outbound = new Outbound(sink, { soon: setImmediate });
      const messages = new MessageBytes(socket);
      let reason = 'the edge closed the link';
      const heartbeat = setInterval(() => outbound.mark(), HEARTBEAT_MS);
      // Not looked at with the heartbeat: the third one after the last answer would come too late.
      const silence = setTimeout(() => {
        reason = `nothing was heard for ${LINK_DEAD_MS / 1000} s`;
        socket.terminate();
      }, LINK_DEAD_MS);
      const leave = (why: string): void => {
        reason = why;
        outbound.send(textMessage(CONTROL, JSON.stringify({ type: 'bye', reason })));
        closeSurely(socket);
      };
      const onStop = (): void => leave('the agent stops');
      this.#leave = leave;

      socket.on('message', (data, binary) => {
        silence.refresh();
        const text = binary ? null : data.toString();
        if (text === PONG) return outbound.arrived();
        try {
          this.#receive(text ?? bytesOf(data));
        } catch (error) {
          // Whatever an edge says: it ends nothing here.
          this.#log.warn({ err: error }, 'a message of the edge could not be taken');
        }
      });
      socket.on('error', (error) => {
        reason = error.message;
      });
      socket.on('close', (code, received) => {
        clearInterval(heartbeat);
        clearTimeout(silence);
        this.#stop.signal.removeEventListener('abort', onStop);
        outbound.close();
        this.#connected = false;
        this.#leave = null;
        this.#listener.down();
        resolve(received.length > 0 ? `${received.toString()} (${code})` : reason);
      });
      this.#stop.signal.addEventListener('abort', onStop);
      this.#connected = true;
      // First: what is sent before its pong waits for it.
      outbound.mark();
      this.#listener.up({
        ...edge,
        control: (message) => outbound.send(textMessage(CONTROL, JSON.stringify(message))),
        text: (topic, payload) => outbound.send(typeof payload === 'string' ? textMessage(topic, payload) : messages.utf8(topic, payload)),
        binary: (topic, payload) => outbound.send(binaryMessage(topic, payload), true),
        turn: (callback) => outbound.turn(callback),
      });
      if (this.#stop.signal.aborted) onStop();
    });
  }

  #receive(message: string | Uint8Array): void {
    if (typeof message === 'string') return this.#receiveText(message);
    const cut = cutBinary(message);
    if (cut !== null) this.#listener.binary(cut.topic, cut.payload);
  }

  #receiveText(text: string): void {
    const cut = cutText(text);
    if (cut === null) return this.#log.warn({}, 'the edge sent a message without a topic');
    if (cut.topic !== CONTROL) return this.#listener.text(cut.topic, cut.payload);
    const message = edgeControl.safeParse(parseJsonOrNull(cut.payload));
    // A newer edge may say more than we know: what we don't understand changes nothing here.
    if (message.success) this.#listener.control(message.data);
    else this.#log.warn({}, 'the edge sent a control message that this version does not know');
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** Closes politely; a peer that does not answer within a second is cut off. */
function closeSurely(socket: WebSocket): void {
  const cut = setTimeout(() => socket.terminate(), 1000);
  socket.once('close', () => clearTimeout(cut));
  socket.close(1001);
}
