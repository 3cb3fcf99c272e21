/** So long at a time, in milliseconds, the page takes in what scripts print: clicks, keys and frames come between two turns. */
const TURN_MS = 8;

/**
 * Steps in their order: at once while a turn lasts, the others in turns of their own. A browser hands over all that its socket has in
 * one task, a whole window of a flood; nobody's click would be answered meanwhile.
 */
export class Turns {
  #steps: (() => void)[] = [];
  #open = false;
  #until = 0;

  run(step: () => void): void {
    if (this.#steps.length > 0 || (this.#open && performance.now() >= this.#until)) {
      this.#steps.push(step);
      return;
    }
    if (!this.#open) this.#begin();
    step();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#steps = [];
  }

  #begin(): void {
    this.#open = true;
    this.#until = performance.now() + TURN_MS;
    // No timer: those of a page that nobody looks at run once a second.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      this.#next();
    };
    port2.postMessage(null);
  }

  #next(): void {
    this.#open = false;
    if (this.#steps.length === 0) return;
    this.#begin();
    while (this.#steps.length > 0 && performance.now() < this.#until) this.#steps.shift()?.();
  }
}
