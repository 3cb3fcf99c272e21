/** A run that waits for its turn. */
interface Waiting {
  taskId: string;
  action: string | null;
  max: number;
  go: () => void;
}

/** Why a run can't begin now: too many of its action, or of all. */
export type Fullness = 'action' | 'host' | null;

/**
 * Who may run: at most so many at once in all, and of an action as many as it says. Who has to wait goes first come, first
 * served; one that waits for its own action holds up nobody else.
 */
export class RunQueue {
  readonly #max: number;
  #running = 0;
  readonly #ofAction = new Map<string, number>();
  readonly #waiting: Waiting[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get running(): number {
    return this.#running;
  }

  /** What stands in the way of one more run. @param max of its action; 0 = any number. */
  full(action: string | null, max: number): Fullness {
    if (action !== null && max > 0 && (this.#count(action) >= max || this.#waiting.some((waiting) => waiting.action === action)))
      return 'action';
    return this.#running >= this.#max ? 'host' : null;
  }

  /** How many runs of this action wait; of null: how many wait in all. */
  waiting(action: string | null): number {
    return action === null ? this.#waiting.length : this.#waiting.filter((waiting) => waiting.action === action).length;
  }

  /** Takes a place, over the limit too: for a run that is running already. Give it back with `leave`. */
  enter(action: string | null): void {
    this.#running += 1;
    if (action !== null) this.#ofAction.set(action, this.#count(action) + 1);
  }

  /** Calls `go` when there is a place; the place is taken by then. */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#next();
  }

  /** @returns false when it does not wait (any more). */
  withdraw(taskId: string): boolean {
    const at = this.#waiting.findIndex((waiting) => waiting.taskId === taskId);
    if (at === -1) return false;
    this.#waiting.splice(at, 1);
    return true;
  }

  leave(action: string | null): void {
    this.#running -= 1;
    if (action !== null) {
      const left = this.#count(action) - 1;
      if (left > 0) this.#ofAction.set(action, left);
      else this.#ofAction.delete(action);
    }
    this.#next();
  }

  #count(action: string): number {
    return this.#ofAction.get(action) ?? 0;
  }

  #next(): void {
    for (let at = 0; at < this.#waiting.length && this.#running < this.#max; ) {
      const waiting = this.#waiting[at];
      if (waiting === undefined) return;
      if (waiting.action !== null && waiting.max > 0 && this.#count(waiting.action) >= waiting.max) {
        at += 1;
        continue;
      }
      this.#waiting.splice(at, 1);
      this.enter(waiting.action);
      waiting.go();
    }
  }
}
