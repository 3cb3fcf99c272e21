import { ToruError } from '../../shared/errors.ts';

export interface TurnstileSizes {
  /** In all, and of those at most so many for one guest. */
  places: number;
  perGuest: number;
  /** How many may wait. */
  bench: number;
  /** How long somebody waits before being told to come back; null: for as long as they like. */
  patienceMs: number | null;
}

interface Waiter {
  readonly places: number;
  enter(): void;
  refuse(error: ToruError): void;
}

interface Guest {
  inside: number;
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>;
}

/**
 * Lets so many in at once, and no guest more than its share: the others find room however much one asks for. Of those that
 * wait, whoever has least inside goes first. With the bench full, whoever waits most often gives up a seat to whoever waits less.
 */
export class Turnstile {
  readonly #sizes: TurnstileSizes;
  /** Those who are inside or wait; whoever was let in last stands last. */
  readonly #guests = new Map<string, Guest>();
  #inside = 0;
  #waiting = 0;

  constructor(sizes: TurnstileSizes) {
    this.#sizes = sizes;
  }

  /**
   * Takes so many places, all of them at once; `leave` gives them back.
   * @param signal ends the wait. @throws ToruError busy, bad_request when the signal ended it, or what `refuseAll` says.
   */
  async enter(name: string, signal: AbortSignal | null, places = 1): Promise<void> {
    const guest = this.#guests.get(name) ?? { inside: 0, waiting: new Set() };
    this.#guests.set(name, guest);
    if (guest.waiting.size === 0 && this.#fits(guest, places)) this.#seat(name, guest, places);
    else await this.#wait(name, guest, signal, places);
  }

  leave(name: string, places = 1): void {
    const guest = this.#guests.get(name);
    if (guest === undefined) return;
    this.#inside -= places;
    guest.inside -= places;
    this.#forget(name, guest);
    this.#admit();
  }

  /** Sends everybody home who waits. */
  refuseAll(error: ToruError): void {
    for (const { waiting } of [...this.#guests.values()]) for (const waiter of [...waiting]) waiter.refuse(error);
  }

  #fits({ inside }: Guest, places: number): boolean {
    return inside + places <= this.#sizes.perGuest && this.#inside + places <= this.#sizes.places;
  }

  #seat(name: string, guest: Guest, places: number): void {
    this.#inside += places;
    guest.inside += places;
    this.#guests.delete(name);
    this.#guests.set(name, guest);
  }

  /** Whoever has least; among equals, in turns. */
  #admit(): void {
    for (;;) {
      const [next] = [...this.#guests.values()]
        .filter(({ inside, waiting }) => {
          const [first] = waiting;
          return first !== undefined && inside + first.places <= this.#sizes.perGuest;
        })
        .sort((a, b) => a.inside - b.inside);
      const [waiter] = next?.waiting ?? [];
      // Nobody with as much or more passes one who waits for room: small ones would keep a large one out for ever.
      if (next === undefined || waiter === undefined || !this.#fits(next, waiter.places)) return;
      waiter.enter();
    }
  }

  #wait(name: string, guest: Guest, signal: AbortSignal | null, places: number): Promise<void> {
    if (this.#waiting >= this.#sizes.bench && !this.#freeASeat(guest)) {
      this.#forget(name, guest);
      throw busy();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => waiter.refuse(new ToruError('bad_request', 'The client left.'));
      const { patienceMs } = this.#sizes;
      const late = patienceMs === null ? null : setTimeout(() => waiter.refuse(busy()), patienceMs);
      const over = (): void => {
        if (late !== null) clearTimeout(late);
        signal?.removeEventListener('abort', leave);
        guest.waiting.delete(waiter);
        this.#waiting -= 1;
      };
      const waiter: Waiter = {
        places,
        enter: () => {
          over();
          this.#seat(name, guest, places);
          resolve();
        },
        refuse: (error) => {
          over();
          this.#forget(name, guest);
          reject(error);
        },
      };
      guest.waiting.add(waiter);
      this.#waiting += 1;
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
    });
  }

  /** Sends home the last of those who wait most often, if that is more often than `guest`, counting the new one. */
  #freeASeat(guest: Guest): boolean {
    const [most] = [...this.#guests.values()].sort((a, b) => b.waiting.size - a.waiting.size);
    if (most === undefined || most.waiting.size <= guest.waiting.size + 1) return false;
    [...most.waiting].at(-1)?.refuse(busy());
    return true;
  }

  #forget(name: string, guest: Guest): void {
    if (guest.inside === 0 && guest.waiting.size === 0) this.#guests.delete(name);
  }
}

function busy(): ToruError {
  return new ToruError('busy', 'Too many requests are under way. Try again in a moment.');
}
