/** The right of one run to be under way. */
export interface Slot {
  /** Its place in the queue, from 1 on, among those that wait for the same; null when it waits no longer. */
  readonly place: number | null;
  /** True when the slot has been granted; false when it was released before. */
  readonly granted: Promise<boolean>;
  /** Gives the slot back, or leaves the queue. A second call changes nothing. */
  release(): void;
}

interface Waiting {
  action: string | null;
  max: number;
  grant: (granted: boolean) => void;
}

/**
 * The slots of runs: at most so many at once in all, and of an action as many as it says. Runs that have to wait are served in
 * the order in which they came; one that waits for its own action holds up nobody else.
 */
export class RunQueue {
  readonly #max: number;
  #running = 0;
  readonly #ofAction = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** Why one more run would have to wait; null when it would not. @param max runs of this action at once; 0 = any number. */
  full(action: string | null, max: number): 'action' | 'host' | null {
    if (action !== null && max > 0 && (this.#count(action) >= max || this.waiting(action) > 0)) return 'action';
    return this.#running >= this.#max ? 'host' : null;
  }

  /** How many runs of this action wait; of null: how many wait in all. */
  waiting(action: string | null): number {
    return action === null ? this.#waiting.length : this.#waiting.filter((waiting) => waiting.action === action).length;
  }

  /** A slot now, over the limit too: for a run that `full` lets start, or that runs already. */
  take(action: string | null): Slot {
    this.#enter(action);
    return this.#slot(action, null, Promise.resolve(true));
  }

  /** A slot when its turn has come. @param max runs of this action at once; 0 = any number. */
  wait(action: string | null, max: number): Slot {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = { action, max, grant: resolve };
    this.#waiting.push(waiting);
    this.#grantNext();
    return this.#slot(action, waiting, promise);
  }

  /** From now on no slot is granted. */
  close(): void {
    this.#closed = true;
  }

  #slot(action: string | null, waiting: Waiting | null, granted: Promise<boolean>): Slot {
    let released = false;
    const placeOf = (): number | null => (waiting === null ? null : this.#placeOf(waiting));
    const release = (): void => {
      if (released) return;
      released = true;
      const place = waiting === null ? -1 : this.#waiting.indexOf(waiting);
      if (place === -1) return this.#leave(action);
      this.#waiting.splice(place, 1);
      waiting?.grant(false);
    };
    return {
      granted,
      release,
      get place() {
        return placeOf();
      },
    };
  }

  /** Where an action has a limit of its own, those of other actions are not before it. */
  #placeOf(waiting: Waiting): number | null {
    const rivals =
      waiting.max > 0 && waiting.action !== null ? this.#waiting.filter(({ action }) => action === waiting.action) : this.#waiting;
    const at = rivals.indexOf(waiting);
    return at === -1 ? null : at + 1;
  }

  #enter(action: string | null): void {
    this.#running += 1;
    if (action !== null) this.#ofAction.set(action, this.#count(action) + 1);
  }

  #leave(action: string | null): void {
    this.#running -= 1;
    if (action !== null) {
      const left = this.#count(action) - 1;
      if (left > 0) this.#ofAction.set(action, left);
      else this.#ofAction.delete(action);
    }
    this.#grantNext();
  }

  #count(action: string): number {
    return this.#ofAction.get(action) ?? 0;
  }

  #grantNext(): void {
    for (let place = 0; !this.#closed && place < this.#waiting.length && this.#running < this.#max; ) {
      const waiting = this.#waiting[place];
      if (waiting === undefined) return;
      if (waiting.action !== null && waiting.max > 0 && this.#count(waiting.action) >= waiting.max) {
        place += 1;
        continue;
      }
      this.#waiting.splice(place, 1);
      this.#enter(waiting.action);
      waiting.grant(true);
    }
  }
}
