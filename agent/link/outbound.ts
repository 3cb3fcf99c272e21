import { LINK_HIGH_WATER } from '../../shared/limits.ts';
import { PING } from '../../shared/wire.ts';
import { SendWindow } from './send-window.ts';

/** The two members of a WebSocket that sending needs; `ws` has them. */
export interface Sink {
  readonly bufferedAmount: number;
  send(message: string | Uint8Array, binary: boolean, done: (error?: Error | null) => void): void;
}

/** Sends one frame of output, of at most so many bytes of what was printed. */
export type Turn = (size: number) => void;

/** So many turns are given before other events of the process get theirs. */
const TURNS_AT_ONCE = 32;

/**
 * Who may write to the link, and when. Control frames and answers go at once. Output waits for a turn: one turn is one
 * frame, turns are given first come, first served, and only while little enough is waiting: in the socket at most
 * LINK_HIGH_WATER, on the whole way what the line carries in a moment (send-window.ts). So a flood neither delays a cancel
 * nor starves another stream, however slow the line. The queue holds one entry a stream: it can't grow by output.
 */
export class Outbound {
  readonly #sink: Sink;
  readonly #window: SendWindow;
  #waiting: Turn[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(sink: Sink, window: SendWindow = new SendWindow()) {
    this.#sink = sink;
    this.#window = window;
  }

  /**
   * Sends now, ahead of all that waits for a turn. Does nothing once closed.
   * @param binary as what the edge gets it; a text may come as its UTF-8, too.
   */
  send(message: string | Uint8Array, binary = false): void {
    if (this.#closed) return;
    this.#window.sent(message.length);
    this.#write(message, binary);
    if (this.#window.due) this.ping();
  }

  /** A sign of life, and the measure of what has arrived. */
  ping(): void {
    if (this.#closed) return;
    this.#window.marked();
    this.#write(PING, false);
  }

  /** The edge answered a ping. */
  pong(): void {
    if (this.#window.arrived()) this.#write(PING, false);
    this.#schedule();
  }

  /** Calls back once, when one frame of output may be sent. The callback sends it, and asks again if it has more. */
  turn(callback: Turn): void {
    if (this.#closed) return;
    this.#waiting.push(callback);
    this.#schedule();
  }

  /** The link is gone: whoever waits is dropped. Their streams begin anew with the next link. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  get #open(): boolean {
    return this.#window.open && this.#sink.bufferedAmount < Math.min(LINK_HIGH_WATER, this.#window.limit);
  }

  #write(message: string | Uint8Array, binary: boolean): void {
    this.#sink.send(message, binary, () => this.#schedule());
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#give());
  }

  #give(): void {
    this.#scheduled = false;
    for (let given = 0; given < TURNS_AT_ONCE && this.#open; given += 1) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next(this.#window.frame);
    }
    // When it is not open, the callback of the write that empties the socket schedules us, or the pong that frees the way.
    if (this.#open) return this.#schedule();
    const { wait } = this.#window;
    if (wait > 0) this.#timer ??= setTimeout(() => this.#awake(), wait);
  }

  #awake(): void {
    this.#timer = null;
    this.#schedule();
  }
}
