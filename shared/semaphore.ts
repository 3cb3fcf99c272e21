import { ToruError } from './errors.ts';

export interface SemaphoreLimits {
  /** Slots in all, and how many of them one key may hold. */
  slots: number;
  perKey: number;
  /** A key holds at most this part of the free slots, so that a later key still finds some. Left out: any part. */
  share?: number;
  /** A key whose slots are held by large requests may have so many more for small ones. Left out: none. */
  small?: number;
  /** The last slots: only an admin gets them. Left out: none. */
  reserved?: number;
  /** How many requests may wait. Left out: none, and a request that finds no slot is refused at once. */
  queueLimit?: number;
  /** How long a request waits before it is refused as busy; null or left out: without a limit. */
  waitMs?: number | null;
  /** What a refused request is told. Left out: busy. @param full whose slots are all held: those of the key, or all. */
  refusal?: (full: 'key' | 'all') => ToruError;
}

/** What of a request decides about its slot. */
export interface SlotRequest {
  readonly small: boolean;
  readonly admin: boolean;
}

const PLAIN: SlotRequest = { small: false, admin: false };

interface Waiter extends SlotRequest {
  admit(): void;
  refuse(error: ToruError): void;
}

/** The requests of one key. */
interface Holder {
  /** Slots that the key holds, … */
  held: number;
  /** … and those of them for large requests. */
  large: number;
  /** In the order of their coming. */
  readonly waiting: Set<Waiter>;
}

/**
 * A counting semaphore with a key: so many slots at once, and no key more than its share of the free ones, so that a key that
 * holds none finds a slot beside keys that ask for all they can get. The waiting request whose key holds the fewest slots goes
 * first. When the queue is full, the key with the most waiting requests loses its last one to a key with fewer.
 *
 * A waiting request holds no slot, and a request with a slot waits for no other: no order of requests ends in a deadlock.
 */
export class Semaphore {
  readonly #limits: Required<SemaphoreLimits>;
  /** By key, those that hold a slot or wait; the key that got a slot last stands last. */
  readonly #holders = new Map<string, Holder>();
  #held = 0;
  #waiting = 0;

  constructor(limits: SemaphoreLimits) {
    this.#limits = { share: Number.POSITIVE_INFINITY, small: 0, reserved: 0, queueLimit: 0, waitMs: null, refusal: busy, ...limits };
  }

  /**
   * Takes a slot; `release` gives it back, for the same request.
   * @param signal ends the wait. @throws ToruError `refusal` (busy), bad_request when the signal ended it, or what `refuseAll` says.
   */
  async acquire(key: string, signal: AbortSignal | null, request = PLAIN): Promise<void> {
    await this.#enter(key, signal, request);
  }

  /** Takes a slot without waiting for one; `release` gives it back. @throws ToruError `refusal` (busy) */
  take(key: string, request = PLAIN): void {
    const holder = this.#holderOf(key);
    if (!this.#passes(holder, request)) throw this.#refused(key, holder, request);
    this.#grant(key, holder, request);
  }

  /**
   * Does `work` with a slot: before it returns, when one is free. @param signal ends the wait for the slot, and not the work.
   * @throws what `acquire` and `work` throw.
   */
  async run<T>(key: string, signal: AbortSignal | null, work: () => Promise<T>): Promise<T> {
    const turn = this.#enter(key, signal, PLAIN);
    if (turn !== null) await turn;
    try {
      return await work();
    } finally {
      this.release(key);
    }
  }

  release(key: string, { small } = PLAIN): void {
    const holder = this.#holders.get(key);
    if (holder === undefined) return;
    this.#held -= 1;
    holder.held -= 1;
    if (!small) holder.large -= 1;
    this.#forget(key, holder);
    this.#admit();
  }

  /** Refuses every waiting request. */
  refuseAll(error: ToruError): void {
    for (const { waiting } of [...this.#holders.values()]) for (const waiter of [...waiting]) waiter.refuse(error);
  }

  /** @returns null when it has a slot already. */
  #enter(key: string, signal: AbortSignal | null, request: SlotRequest): Promise<void> | null {
    const holder = this.#holderOf(key);
    if (!this.#passes(holder, request)) return this.#wait(key, holder, signal, request);
    this.#grant(key, holder, request);
    return null;
  }

  #holderOf(key: string): Holder {
    const holder = this.#holders.get(key) ?? { held: 0, large: 0, waiting: new Set() };
    this.#holders.set(key, holder);
    return holder;
  }

  /** Is there a slot for it, that no request of its key waits for? */
  #passes(holder: Holder, request: SlotRequest): boolean {
    return this.#fits(holder, request) && ![...holder.waiting].some((waiter) => this.#fits(holder, waiter));
  }

  #refused(key: string, holder: Holder, { small }: SlotRequest): ToruError {
    this.#forget(key, holder);
    const { perKey, small: extra, refusal } = this.#limits;
    return refusal(holder.held >= perKey + (small ? extra : 0) ? 'key' : 'all');
  }

  #fits({ held, large }: Holder, { small, admin }: SlotRequest): boolean {
    const { slots, perKey, share, small: extra, reserved } = this.#limits;
    const free = slots - this.#held - (admin ? 0 : reserved);
    const most = Math.min(perKey, admin ? free : free * share);
    return free > 0 && held < most + (small ? Math.min(extra, large, free * share) : 0);
  }

  #grant(key: string, holder: Holder, { small }: SlotRequest): void {
    this.#held += 1;
    holder.held += 1;
    if (!small) holder.large += 1;
    this.#holders.delete(key);
    this.#holders.set(key, holder);
  }

  /** Grants free slots: the key with the fewest first, equal keys in turns; of one key, the first request that fits. */
  #admit(): void {
    for (;;) {
      const [next] = [...this.#holders.values()]
        .flatMap((holder) => {
          const waiter = [...holder.waiting].find((request) => this.#fits(holder, request));
          return waiter === undefined ? [] : [{ held: holder.held, waiter }];
        })
        .sort((a, b) => a.held - b.held);
      if (next === undefined) return;
      next.waiter.admit();
    }
  }

  #wait(key: string, holder: Holder, signal: AbortSignal | null, { small, admin }: SlotRequest): Promise<void> {
    if (this.#waiting >= this.#limits.queueLimit && !this.#makeRoom(holder)) throw this.#refused(key, holder, { small, admin });
    return new Promise((resolve, reject) => {
      const leave = (): void => waiter.refuse(new ToruError('bad_request', 'The client left.'));
      const { waitMs } = this.#limits;
      const late = waitMs === null ? null : setTimeout(() => waiter.refuse(this.#limits.refusal('all')), waitMs);
      const over = (): void => {
        if (late !== null) clearTimeout(late);
        signal?.removeEventListener('abort', leave);
        holder.waiting.delete(waiter);
        this.#waiting -= 1;
      };
      const waiter: Waiter = {
        small,
        admin,
        admit: () => {
          over();
          this.#grant(key, holder, { small, admin });
          resolve();
        },
        refuse: (error) => {
          over();
          this.#forget(key, holder);
          reject(error);
        },
      };
      holder.waiting.add(waiter);
      this.#waiting += 1;
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
    });
  }

  /** Refuses the last request of the key that waits most, if that key waits more than `holder` with its new request. */
  #makeRoom(holder: Holder): boolean {
    const [most] = [...this.#holders.values()].sort((a, b) => b.waiting.size - a.waiting.size);
    if (most === undefined || most.waiting.size <= holder.waiting.size + 1) return false;
    [...most.waiting].at(-1)?.refuse(this.#limits.refusal('key'));
    return true;
  }

  #forget(key: string, holder: Holder): void {
    if (holder.held === 0 && holder.waiting.size === 0) this.#holders.delete(key);
  }
}

function busy(): ToruError {
  return new ToruError('busy', 'Too many requests are under way. Try again in a moment.');
}
