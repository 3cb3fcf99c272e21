/**
 * The starts of runs, one after another. Where several are due, the event loop has its turn between two: a spawn of a shell
 * blocks it for a millisecond or two. Native runners are forked by another process, many at a time.
 */
export class StartLane {
  readonly #oneByOne: () => Promise<boolean>;
  readonly #caughtUp: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #due = 0;

  /** @param oneByOne must a start be through before the next one begins? @param caughtUp called after each start. */
  constructor(oneByOne: () => Promise<boolean>, caughtUp: () => void) {
    this.#oneByOne = oneByOne;
    this.#caughtUp = caughtUp;
  }

  /** Are there starts that are not through? */
  get busy(): boolean {
    return this.#due > 0;
  }

  /** @param start throws nothing. @param ready it has nothing left to do that takes time: then it waits for no other. @returns what `start` brought. */
  async run<T>(start: () => Promise<T>, ready: boolean): Promise<T> {
    this.#due += 1;
    if (ready) return this.#begin(start);
    const before = this.#last;
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
    this.#last = mayGoOn;
    await before;
    if (this.#due > 1) await new Promise((next) => setImmediate(next));
    const started = this.#begin(start);
    if (await this.#oneByOne()) await started;
    goOn();
    return started;
  }

  #begin<T>(start: () => Promise<T>): Promise<T> {
    return start().finally(() => {
      this.#due -= 1;
      this.#caughtUp();
    });
  }
}
