import { LINK_HIGH_WATER } from '../../shared/limits.ts';

/** The two members of a WebSocket that sending needs; `ws` has them. */
export interface Sink {
  readonly bufferedAmount: number;
  send(message: string | Uint8Array, binary: boolean, done: (error?: Error | null) => void): void;
}

/** So many turns are given before other events of the process get theirs. */
const TURNS_AT_ONCE = 32;

/**
 * Who may write to the link, and when. Control frames and answers go at once. Output waits for a turn: one turn is one
 * frame, turns are given first come, first served, and only while less than LINK_HIGH_WATER is waiting in the socket. So
 * a flood neither delays a cancel nor starves another stream. The queue holds one entry a stream: it can't grow by output.
 */
export class Outbound {
  readonly #sink: Sink;
  #waiting: (() => void)[] = [];
  #scheduled = false;
  #closed = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /**
   * Sends now, ahead of all that waits for a turn. Does nothing once closed.
   * @param binary as what the edge gets it; a text may come as its UTF-8, too.
   */
  send(message: string | Uint8Array, binary = false): void {
    if (this.#closed) return;
    this.#sink.send(message, binary, () => this.#schedule());
  }

  /** Calls back once, when one frame of output may be sent. The callback sends it, and asks again if it has more. */
  turn(callback: () => void): void {
    if (this.#closed) return;
    this.#waiting.push(callback);
    this.#schedule();
  }

  /** The link is gone: whoever waits is dropped. Their streams begin anew with the next link. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#give());
  }

  #give(): void {
    this.#scheduled = false;
    for (let given = 0; given < TURNS_AT_ONCE && this.#sink.bufferedAmount < LINK_HIGH_WATER; given += 1) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
    // With the socket full, the callback of the write that empties it schedules us.
    if (this.#sink.bufferedAmount < LINK_HIGH_WATER) this.#schedule();
  }
}
