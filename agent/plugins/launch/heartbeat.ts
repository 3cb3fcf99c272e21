import type { PluginTiming } from './timing.ts';

/** Pings a plugin until it is stopped, or too many in a row were not answered. */
export class Heartbeat {
  readonly #misses: number;
  readonly #ping: () => void;
  readonly #hung: () => void;
  readonly #timer: NodeJS.Timeout;
  #unanswered = 0;

  constructor({ pingMs, misses }: Pick<PluginTiming, 'pingMs' | 'misses'>, ping: () => void, hung: () => void) {
    this.#misses = misses;
    this.#ping = ping;
    this.#hung = hung;
    this.#timer = setInterval(() => this.#beat(), pingMs);
  }

  answered(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.#unanswered >= this.#misses) return this.#hung();
    this.#unanswered += 1;
    this.#ping();
  }
}
