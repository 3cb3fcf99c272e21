/** What is done to one thing is done in turn, in the order in which it was asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @returns what `work` returns, once it had its turn; what came before may have failed. */
  take<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(id) ?? Promise.resolve()).then(work, work);
    this.#last.set(id, turn);
    const done = (): void => void (this.#last.get(id) === turn && this.#last.delete(id));
    turn.then(done, done);
    return turn;
  }

  /** When what was begun is done. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
