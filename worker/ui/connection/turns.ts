/** So many milliseconds of work at a time the page takes in what scripts print: clicks, keys and frames come between two turns. */
const TURN_MS = 8;

/**
 * Steps in their order: at once while a turn has time left, the others in turns of their own. A browser hands over all that its socket
 * has in one task, a whole window of a flood; nobody's click would be answered meanwhile. Only the steps' own time counts: on a busy
 * machine, a page that has little to take in takes it in at once.
 */
export class Turns {
  #steps: (() => void)[] = [];
  #open = false;
  #used = 0;

  run(step: () => void): void {
    if (this.#steps.length > 0 || (this.#open && this.#used >= TURN_MS)) {
      this.#steps.push(step);
      return;
    }
    if (!this.#open) this.#begin();
    this.#take(step);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#steps = [];
  }

  #begin(): void {
    this.#open = true;
    this.#used = 0;
    // No timer: those of a page that nobody looks at run once a second.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      this.#next();
    };
    port2.postMessage(null);
  }

  #take(step: () => void): void {
    const began = performance.now();
    step();
    this.#used += performance.now() - began;
  }

  #next(): void {
    this.#open = false;
    if (this.#steps.length === 0) return;
    this.#begin();
    for (let step = this.#steps.shift(); step !== undefined; step = this.#used < TURN_MS ? this.#steps.shift() : undefined)
      this.#take(step);
  }
}
