import { type ReadonlySignal, signal } from '@preact/signals';
import { HEARTBEAT_MS, LINK_DEAD_MS } from '../../../shared/limits.ts';
import { backoff, retry } from '../../../shared/retry.ts';
import { CLOSE, PING, PONG } from '../../../shared/wire.ts';

/** The state of the socket. One that is `waiting` comes back by itself; `since`: when the last one was lost. */
export type SocketState = { kind: 'idle' } | { kind: 'connecting' } | { kind: 'open' } | { kind: 'waiting'; since: number };

export interface SocketEvents {
  opened: () => void;
  message: (data: unknown) => void;
  lost: () => void;
  /** It answered a ping, or opened: the server is reached. */
  reached: () => void;
  /** 4001: the session may be over. The socket waits for `start()`. */
  sessionEnded: () => void;
  /** 4010: the server does not speak this page's protocol (any more). */
  reload: () => void;
}

/** How often a silence is noticed, and a ping due. */
const LOOK_MS = HEARTBEAT_MS / 3;
/** The look at which it is too long is at LINK_DEAD_MS at the latest. */
const SILENCE_MS = LINK_DEAD_MS - LOOK_MS;

/** One WebSocket that stays: reconnects with full jitter, and knows within LINK_DEAD_MS when the other side is gone. */
export class ReconnectingSocket {
  readonly #url: () => string;
  readonly #events: SocketEvents;
  readonly #state = signal<SocketState>({ kind: 'idle' });
  /** 4013: the server is reached, and the host lets nobody in. */
  readonly refused = signal(false);
  #socket: WebSocket | null = null;
  /** While the socket is wanted: ends that. */
  #wanted: AbortController | null = null;
  /** Ends the wait for the next dial. */
  #wake: () => void = () => undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #heard = 0;
  #pingedAt = 0;
  #lostAt: number | null = null;

  constructor(url: () => string, events: SocketEvents) {
    this.#url = url;
    this.#events = events;
    addEventListener('online', () => this.#hurry());
    addEventListener('offline', () => this.#ask());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#hurry();
    });
  }

  get state(): ReadonlySignal<SocketState> {
    return this.#state;
  }

  start(): void {
    if (this.#wanted !== null) return this.#wake();
    const wanted = new AbortController();
    this.#wanted = wanted;
    const wait = (code: number, failures: number): number | null => this.#pause(code, failures);
    const waiting = (_ms: number, _code: number, wake: () => void): void => {
      this.#wake = wake;
    };
    void retry(() => this.#attempt(), { wait, waiting }, wanted.signal);
  }

  stop(): void {
    this.#wanted?.abort();
    this.#wanted = null;
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    this.#lostAt = null;
    this.#state.value = { kind: 'idle' };
    socket?.close(1000);
  }

  /** @returns false when nothing could be sent: there is no open socket. */
  send(frame: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(frame);
    return true;
  }

  /** One socket, from its dial to its end. @returns the code that it was closed with. */
  #attempt(): Promise<number> {
    const socket = new WebSocket(this.#url());
    this.#socket = socket;
    if (this.#lostAt === null) this.#state.value = { kind: 'connecting' };
    this.#heard = Date.now();
    clearInterval(this.#beat);
    this.#pingedAt = this.#heard;
    socket.onopen = () => {
      this.#heard = Date.now();
      this.#lostAt = null;
      this.#state.value = { kind: 'open' };
      this.#events.reached();
      this.#events.opened();
      // A host that refuses does so at once.
      setTimeout(() => {
        if (this.#socket === socket) this.refused.value = false;
      }, 3000);
    };
    socket.onmessage = (event) => {
      this.#heard = Date.now();
      if (event.data === PONG) this.#events.reached();
      this.#events.message(event.data);
    };
    return new Promise((resolve) => {
      const end = (code: number): void => {
        if (this.#socket === socket) this.#lose();
        resolve(code);
      };
      socket.onclose = (event) => {
        this.refused.value = event.code === CLOSE.not_served;
        end(event.code);
      };
      this.#beat = setInterval(() => {
        if (!this.#isSilent(socket)) return;
        // close() alone would wait for an answer that never comes.
        socket.onclose = null;
        socket.onmessage = null;
        socket.close();
        end(1006);
      }, LOOK_MS);
    });
  }

  /** Asks when it is time to. */
  #isSilent(socket: WebSocket): boolean {
    const now = Date.now();
    // A tab that slept has asked nobody for long: it asks before it gives up.
    const pinged = this.#pingedAt > this.#heard || socket.readyState !== WebSocket.OPEN;
    if (pinged && now - this.#heard > SILENCE_MS) return true;
    if (now - this.#pingedAt >= HEARTBEAT_MS) this.#ask();
    return false;
  }

  #ask(): void {
    if (this.send(PING)) this.#pingedAt = Date.now();
  }

  #lose(): void {
    clearInterval(this.#beat);
    this.#socket = null;
    this.#lostAt ??= Date.now();
    this.#state.value = { kind: 'waiting', since: this.#lostAt };
    this.#events.lost();
  }

  /** @returns how long to wait before the next dial; null: there is none until `start()`. */
  #pause(code: number, failures: number): number | null {
    if (code === CLOSE.session_ended || code === CLOSE.reload) {
      this.#wanted = null;
      this.#state.value = { kind: 'idle' };
      if (code === CLOSE.reload) this.#events.reload();
      else this.#events.sessionEnded();
      return null;
    }
    if (code === CLOSE.again) return 50 + Math.random() * 200;
    // Told that we are too fast: as after four failures more.
    return backoff(code === CLOSE.too_fast ? failures + 4 : failures);
  }

  /** The network or the person came back: no need to wait out the timer. */
  #hurry(): void {
    if (this.#socket === null) setTimeout(this.#wake, Math.random() * 300);
  }
}
