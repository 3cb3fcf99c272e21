import { type ReadonlySignal, signal } from '@preact/signals';
import { backoff } from '../../../shared/backoff.ts';
import { BACKOFF_HEALTHY_MS, HEARTBEAT_MS, LINK_DEAD_MS } from '../../../shared/limits.ts';
import { CLOSE, PING } from '../../../shared/wire.ts';

/** What became of the socket: `waiting` says since when, and comes back by itself. */
export type SocketState = { kind: 'idle' } | { kind: 'connecting' } | { kind: 'open' } | { kind: 'waiting'; since: number };

export interface SocketEvents {
  opened: () => void;
  message: (data: unknown) => void;
  lost: () => void;
  /** 4001: the session may be over. The socket waits for `start()`. */
  sessionEnded: () => void;
  /** 4010: the server does not speak this page's protocol (any more). */
  reload: () => void;
}

/** One WebSocket that stays: reconnects with full jitter, and knows within LINK_DEAD_MS when the other side is gone. */
export class ReconnectingSocket {
  readonly #url: () => string;
  readonly #events: SocketEvents;
  readonly #state = signal<SocketState>({ kind: 'idle' });
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #failures = 0;
  #heard = 0;
  #lostAt: number | null = null;

  constructor(url: () => string, events: SocketEvents) {
    this.#url = url;
    this.#events = events;
    addEventListener('online', () => this.#hurry());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#hurry();
    });
  }

  get state(): ReadonlySignal<SocketState> {
    return this.#state;
  }

  start(): void {
    if (this.#socket !== null) return;
    clearTimeout(this.#timer);
    this.#dial();
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    this.#failures = 0;
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

  #dial(): void {
    const socket = new WebSocket(this.#url());
    this.#socket = socket;
    if (this.#lostAt === null) this.#state.value = { kind: 'connecting' };
    this.#heard = Date.now();
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#heartbeat(socket), HEARTBEAT_MS / 3);
    let openedAt = 0;
    let pingedAt = Date.now();
    socket.onopen = () => {
      openedAt = Date.now();
      this.#heard = openedAt;
      this.#lostAt = null;
      this.#state.value = { kind: 'open' };
      this.#events.opened();
    };
    socket.onmessage = (event) => {
      this.#heard = Date.now();
      this.#events.message(event.data);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#lose(openedAt > 0 && Date.now() - openedAt > BACKOFF_HEALTHY_MS, event.code);
    };
    this.#ping = () => {
      if (Date.now() - pingedAt < HEARTBEAT_MS || socket.readyState !== WebSocket.OPEN) return;
      pingedAt = Date.now();
      socket.send(PING);
    };
  }

  #ping: () => void = () => undefined;

  #heartbeat(socket: WebSocket): void {
    if (Date.now() - this.#heard > LINK_DEAD_MS) {
      // close() alone would wait for an answer that never comes.
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
      this.#lose(false, 1006);
      return;
    }
    this.#ping();
  }

  #lose(wasHealthy: boolean, code: number): void {
    clearInterval(this.#beat);
    this.#socket = null;
    this.#lostAt ??= Date.now();
    this.#events.lost();
    if (code === CLOSE.session_ended) {
      this.#state.value = { kind: 'idle' };
      this.#events.sessionEnded();
      return;
    }
    if (code === CLOSE.reload) {
      this.#state.value = { kind: 'idle' };
      this.#events.reload();
      return;
    }
    this.#state.value = { kind: 'waiting', since: this.#lostAt };
    if (wasHealthy) this.#failures = 0;
    // A full minute's rest when we were told that we are too fast; else the usual jitter.
    const wait = code === CLOSE.again ? 50 + Math.random() * 200 : backoff(code === CLOSE.too_fast ? this.#failures + 4 : this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#dial(), wait);
  }

  /** The network or the person came back: no need to wait out the timer. */
  #hurry(): void {
    if (this.#state.peek().kind !== 'waiting' || this.#socket !== null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dial(), Math.random() * 300);
  }
}
