import { availableParallelism, loadavg } from 'node:os';

/** Ten seconds of a machine that has nothing else to do; a busy one gets more, up to the limit of a test. In ms. */
function limitMs(): number {
  const [lately = 0] = loadavg();
  return Math.min(50_000, 10_000 * Math.max(1, (2 * lately) / availableParallelism()));
}

/** Messages that arrived and that nobody took yet, with a wait for those to come. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: { wanted: (item: T) => boolean; resolve: (item: T) => void }[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex(({ wanted }) => wanted(item));
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(item);
    else this.#items.push(item);
  }

  /** The first that fits, now or when it comes. @throws after `ms`, with what did come: that measures nothing. */
  take(wanted: (item: T) => boolean = () => true, ms = limitMs()): Promise<T> {
    const at = this.#items.findIndex(wanted);
    const [found] = at < 0 ? [] : this.#items.splice(at, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It did not come. There is: ${JSON.stringify(this.#items).slice(0, 2000)}`)), ms);
      this.#waiting.push({
        wanted,
        resolve: (item) => {
          clearTimeout(late);
          resolve(item);
        },
      });
    });
  }

  /** Everything that nobody took. */
  get rest(): readonly T[] {
    return this.#items;
  }
}
