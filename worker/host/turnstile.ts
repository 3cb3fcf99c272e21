import { ToruError } from '../../shared/errors.ts';

export interface TurnstileSizes {
  /** In all, and of those at most so many for one guest. */
  places: number;
  perGuest: number;
  /** A guest has at most this part of what is free: whoever comes later still finds room. */
  share: number;
  /** A guest whose own places are taken by large visits may have so many more for small ones. */
  small: number;
  /** The last places: only an admin gets them. */
  reserved: number;
  /** How many may wait. */
  bench: number;
  /** How long somebody waits before being told to come back; null: for as long as they like. */
  patienceMs: number | null;
}

/** What of a visit decides about its place. */
export interface Visit {
  readonly small: boolean;
  readonly admin: boolean;
}

interface Waiter extends Visit {
  enter(): void;
  refuse(error: ToruError): void;
}

interface Guest {
  inside: number;
  /** Of those inside. */
  large: number;
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>;
}

/**
 * Lets so many in at once, and no guest more than its share of what is free: so one who has nothing yet finds
 * room beside many others who ask for as much as they can get. Of those that wait, whoever has least inside goes first. With the
 * bench full, whoever waits most often gives up a seat to whoever waits less.
 *
 * Who waits holds nothing, and who is inside waits for nobody's place: no order of visits can end in a deadlock.
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
   * Takes a place; `leave` gives it back, for the same visit.
   * @param signal ends the wait. @throws ToruError busy, bad_request when the signal ended it, or what `refuseAll` says.
   */
  async enter(name: string, signal: AbortSignal | null, visit: Visit): Promise<void> {
    const guest = this.#guests.get(name) ?? { inside: 0, large: 0, waiting: new Set() };
    this.#guests.set(name, guest);
    const passed = [...guest.waiting].some((waiter) => this.#fits(guest, waiter));
    if (!passed && this.#fits(guest, visit)) this.#seat(name, guest, visit);
    else await this.#wait(name, guest, signal, visit);
  }

  leave(name: string, { small }: Visit): void {
    const guest = this.#guests.get(name);
    if (guest === undefined) return;
    this.#inside -= 1;
    guest.inside -= 1;
    if (!small) guest.large -= 1;
    this.#forget(name, guest);
    this.#admit();
  }

  /** Sends everybody home who waits. */
  refuseAll(error: ToruError): void {
    for (const { waiting } of [...this.#guests.values()]) for (const waiter of [...waiting]) waiter.refuse(error);
  }

  #fits({ inside, large }: Guest, { small, admin }: Visit): boolean {
    const { places, perGuest, share, small: extra, reserved } = this.#sizes;
    const free = places - this.#inside - (admin ? 0 : reserved);
    const most = Math.min(perGuest, admin ? free : free * share);
    return free > 0 && inside < most + (small ? Math.min(extra, large, free * share) : 0);
  }

  #seat(name: string, guest: Guest, { small }: Visit): void {
    this.#inside += 1;
    guest.inside += 1;
    if (!small) guest.large += 1;
    this.#guests.delete(name);
    this.#guests.set(name, guest);
  }

  /** Whoever has least, and may; among equals, in turns. Of one guest's, the first that may. */
  #admit(): void {
    for (;;) {
      const [next] = [...this.#guests.values()]
        .flatMap((guest) => {
          const waiter = [...guest.waiting].find((visit) => this.#fits(guest, visit));
          return waiter === undefined ? [] : [{ inside: guest.inside, waiter }];
        })
        .sort((a, b) => a.inside - b.inside);
      if (next === undefined) return;
      next.waiter.enter();
    }
  }

  #wait(name: string, guest: Guest, signal: AbortSignal | null, { small, admin }: Visit): Promise<void> {
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
        small,
        admin,
        enter: () => {
          over();
          this.#seat(name, guest, { small, admin });
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
