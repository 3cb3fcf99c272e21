/** What is typed is drawn before its echo comes, where that takes long. Pure: it compares, and changes nothing that a program drew. */

/** Above this round trip characters are predicted, … */
const SLOW_MS = 30;
/** … and above this one underlined, so that nobody takes them for what the program said. */
const VERY_SLOW_MS = 80;
/** What was not echoed after so many round trips, and at least so long, is not going to be. */
const PATIENCE = { times: 4, ms: 1000 };

/** What the terminal shows. Lines are counted from the first one that the emulator has. */
export interface Shown {
  /** The cursor. */
  readonly x: number;
  readonly y: number;
  readonly cols: number;
  /** The program draws for itself: on the alternate screen, or with the mouse. */
  readonly drawsItself: boolean;
  /** Blank is a space. */
  character(x: number, y: number): string;
}

export interface Predicted {
  readonly x: number;
  readonly y: number;
  readonly character: string;
}

/** Predictions of one terminal. */
export class Predictions {
  #pending: (Predicted & { at: number; epoch: number })[] = [];
  /** Counts the keys of unknown effect, such as Enter: an echo of what was typed before one says nothing of what follows it. */
  #epoch = 0;
  /** The program has echoed since Enter: a password is not drawn. */
  #echoes = false;
  /** After a key of unknown effect nothing is known of where the next character will be. @see typed */
  #until: number | null = null;
  #roundTrip: number | null = null;

  /** Of keystroke to echo, in ms, smoothed; null before the first one. */
  get roundTrip(): number | null {
    return this.#roundTrip;
  }

  /** What is to be drawn over the screen now. */
  get drawn(): readonly Predicted[] {
    return this.#echoes && (this.#roundTrip ?? 0) > SLOW_MS ? this.#pending : [];
  }

  get underlined(): boolean {
    return (this.#roundTrip ?? 0) > VERY_SLOW_MS;
  }

  /** @param now ms */
  typed(data: string, shown: Shown, now: number): void {
    if (shown.drawsItself) return this.#forget();
    this.#expire(now);
    if (!/^[\x20-\x7e\u00a1-\u024f]+$/.test(data) || data.length > 8) {
      // Enter, or anything else: what comes next is the program's affair.
      this.#echoes = false;
      this.#epoch += 1;
      this.#until = now + Math.max(PATIENCE.ms / 4, 2 * (this.#roundTrip ?? 0));
      return;
    }
    if (this.#until !== null && now < this.#until) return;
    this.#until = null;
    for (const character of data) this.#predict(character, shown, now);
  }

  /** Something was printed: what of it was predicted? */
  compare(shown: Shown, now: number): void {
    if (shown.drawsItself) return this.#forget();
    for (let [first] = this.#pending; first !== undefined; [first] = this.#pending) {
      const waits = shown.y === first.y && shown.x === first.x;
      if (waits) break;
      const passed = shown.y > first.y || (shown.y === first.y && shown.x > first.x);
      if (!passed || shown.character(first.x, first.y) !== first.character) return this.#forget();
      const took = now - first.at;
      this.#roundTrip = this.#roundTrip === null ? took : 0.75 * this.#roundTrip + 0.25 * took;
      if (first.epoch === this.#epoch) this.#echoes = true;
      this.#pending.shift();
    }
    this.#expire(now);
  }

  /** @returns did something end that was drawn? To be called from time to time while something is. */
  expire(now: number): boolean {
    const before = this.#pending.length;
    this.#expire(now);
    return before !== this.#pending.length;
  }

  #predict(character: string, shown: Shown, now: number): void {
    const last = this.#pending.at(-1);
    const place = last === undefined ? { x: shown.x, y: shown.y } : { x: last.x + 1, y: last.y };
    // At the edge of a line, and within one, a program may do anything.
    if (place.x >= shown.cols - 1 || !blankFrom(shown, place)) {
      this.#until = Number.POSITIVE_INFINITY;
      if (this.#pending.length === 0) this.#until = now;
      return;
    }
    this.#pending.push({ ...place, character, at: now, epoch: this.#epoch });
  }

  #expire(now: number): void {
    const [first] = this.#pending;
    if (first === undefined) {
      if (this.#until === Number.POSITIVE_INFINITY) this.#until = now;
      return;
    }
    if (now - first.at > Math.max(PATIENCE.ms, PATIENCE.times * (this.#roundTrip ?? 0))) this.#forget();
  }

  #forget(): void {
    this.#pending = [];
    this.#echoes = false;
    this.#until = null;
  }
}

function blankFrom({ cols, character }: Shown, { x, y }: { x: number; y: number }): boolean {
  for (let at = x; at < cols; at += 1) if (character(at, y) !== ' ') return false;
  return true;
}
