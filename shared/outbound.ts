import { LINK_HIGH_WATER } from './limits.ts';
import { SendWindow } from './send-window.ts';

/** What sending needs of a link's socket, at either end. */
export interface Sink {
  /** Bytes that the socket has taken and not passed on; 0 where nobody knows. */
  readonly bufferedAmount: number;
  /** @param done called when the message has left the socket; a sink that does not know calls nothing. */
  send(message: string | Uint8Array, binary: boolean, done: (error?: Error | null) => void): void;
  /** Puts a mark into the stream, which the peer answers when it has read all that came before. */
  mark(): void;
}

/** Sends one frame of output or of a body, of at most so many bytes of it. */
export type Turn = (size: number) => void;

interface Options {
  /** How much may be on its way. */
  window?: SendWindow;
  /** Calls back, where it can be had after other events of the process got their time. */
  soon: (callback: () => void) => void;
}

/** So many turns are given before other events of the process get theirs. */
const TURNS_AT_ONCE = 32;

/**
 * Who may write to the link, and when. Control frames and heads go at once. Output and bodies wait for a turn: one turn is
 * one frame, and turns are given while little enough is waiting: in the socket at most LINK_HIGH_WATER, on the whole way
 * what the line carries in a moment (send-window.ts). Owners have turns one after another, and those of one owner first
 * come, first served. So a flood neither delays a cancel nor starves another owner, however slow the line. The queue holds
 * one entry a stream: it can't grow by output.
 */
export class Outbound {
  readonly #sink: Sink;
  readonly #window: SendWindow;
  readonly #soon: (callback: () => void) => void;
  /** By owner; whoever is next stands first. */
  readonly #waiting = new Map<string, Turn[]>();
  #scheduled = false;
  /** A turn is being used. */
  #inTurn = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(sink: Sink, { window = new SendWindow(), soon }: Options) {
    this.#sink = sink;
    this.#window = window;
    this.#soon = soon;
  }

  /**
   * Sends now, ahead of all that waits for a turn. Does nothing once closed.
   * @param binary as what the peer gets it; a text may come as its UTF-8, too.
   */
  send(message: string | Uint8Array, binary = false): void {
    if (this.#closed) return;
    this.#window.sent(message.length);
    this.#sink.send(message, binary, () => this.#schedule());
    if (this.#window.due(this.#inTurn || this.#waiting.size > 0)) this.mark();
  }

  /** A sign of life, and the measure of what has arrived. */
  mark(): void {
    if (this.#closed) return;
    this.#window.marked();
    this.#sink.mark();
  }

  /** The peer answered a mark. */
  arrived(): void {
    if (this.#window.arrived()) this.#sink.mark();
    this.#schedule();
  }

  /**
   * Calls back once, when one frame may be sent. The callback sends it, and asks again if it has more.
   * @param owner whose frame it is, where owners share the line.
   */
  turn(callback: Turn, owner = ''): void {
    if (this.#closed) return;
    const turns = this.#waiting.get(owner) ?? [];
    turns.push(callback);
    this.#waiting.set(owner, turns);
    this.#schedule();
  }

  /** The link is gone: whoever waits is dropped. Their streams begin again with the next link. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  get #open(): boolean {
    return this.#window.open && this.#sink.bufferedAmount < Math.min(LINK_HIGH_WATER, this.#window.limit);
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0) return;
    this.#scheduled = true;
    this.#soon(() => this.#give());
  }

  #give(): void {
    this.#scheduled = false;
    for (let given = 0; given < TURNS_AT_ONCE && this.#open; given += 1) {
      const next = this.#next();
      if (next === undefined) return;
      this.#inTurn = true;
      try {
        next(this.#window.frame);
      } finally {
        this.#inTurn = false;
      }
    }
    // When it is not open, the callback of the write that empties the socket schedules us, or the answer that frees the way.
    if (this.#open || this.#waiting.size === 0) return this.#schedule();
    if (this.#window.due(true)) this.mark();
    const { wait } = this.#window;
    if (wait > 0) this.#timer ??= setTimeout(() => this.#awake(), wait);
  }

  #next(): Turn | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [owner, turns] = first;
    const next = turns.shift();
    this.#waiting.delete(owner);
    if (turns.length > 0) this.#waiting.set(owner, turns);
    return next;
  }

  #awake(): void {
    this.#timer = null;
    this.#schedule();
  }
}
