import { type ReadonlySignal, signal } from '@preact/signals';
import { backoff } from '../../../shared/backoff.ts';
import { BACKOFF_HEALTHY_MS, HEARTBEAT_MS, LINK_DEAD_MS } from '../../../shared/limits.ts';
import { CLOSE, PING, PONG } from '../../../shared/wire.ts';

/** What became of the socket: `waiting` says since when, and comes back by itself. */
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
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #failures = 0;
  #heard = 0;
  #pingedAt = 0;
  /** Of the socket that stands; 0 while none does. */
  #openedAt = 0;
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
    this.#beat = setInterval(() => this.#heartbeat(socket), LOOK_MS);
    this.#openedAt = 0;
    this.#pingedAt = this.#heard;
    socket.onopen = () => {
      this.#heard = this.#openedAt = Date.now();
      this.#lostAt = null;
      this.#state.value = { kind: 'open' };
      this.#events.reached();
      this.#events.opened();
    };
    socket.onmessage = (event) => {
      this.#heard = Date.now();
      if (event.data === PONG) this.#events.reached();
      this.#events.message(event.data);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#lose(event.code);
    };
  }

  #heartbeat(socket: WebSocket): void {
    const now = Date.now();
    // A tab that slept has asked nobody for long: it asks before it gives up.
    const hasAsked = this.#pingedAt > this.#heard || socket.readyState !== WebSocket.OPEN;
    if (hasAsked && now - this.#heard > SILENCE_MS) {
      // close() alone would wait for an answer that never comes.
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
      this.#lose(1006);
      return;
    }
    if (now - this.#pingedAt >= HEARTBEAT_MS) this.#ask();
  }

  #ask(): void {
    if (this.send(PING)) this.#pingedAt = Date.now();
  }

  #lose(code: number): void {
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
    if (this.#openedAt > 0 && this.#heard - this.#openedAt >= BACKOFF_HEALTHY_MS) this.#failures = 0;
    // Told that we are too fast: as after four failures more.
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
