/** Work on one thing, by its key, is done in order: one piece after the other. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @returns what `work` returns, once the work before it on the same key is done; that may have failed. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    const done = (): void => void (this.#last.get(key) === turn && this.#last.delete(key));
    turn.then(done, done);
    return turn;
  }

  /** @returns when all work that was begun is done. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
