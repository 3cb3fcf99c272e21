import type { Cursor } from '../../shared/browser-protocol.ts';

/** Fewer than so many viewers that lack credit leave the shared stream at once: serving each alone costs little. */
const CROWD = 8;
/** Of a crowd, so many may be missing when the stream goes on. */
const FEW = 1 / 20;
/** How long the stream waits for a minority, and for a majority of which nobody gets on. */
const PATIENCE_MS = 100;
const PATIENCE_WITH_MOST_MS = 500;
/** Nobody waits longer than this, whatever the crowd does. */
const MOST_MS = 5000;

/** What of a viewer decides whether it has credit. */
export interface Member {
  readonly acked: Cursor;
  readonly window: number;
}

/**
 * When many viewers lack credit at the same moment, they are not slow: their acknowledgements are on the way. Each of
 * them served alone would be a copy of its own over the host's upload, and the flood of copies would delay the
 * acknowledgements further, until nobody shares anything. So the shared stream waits for them, briefly: at the pace of the
 * crowd there is one copy. A few that are slower than the others hold nobody up.
 */
export class Crowd<M extends Member> {
  readonly #go: () => void;
  #held: { lacking: Set<M>; to: Cursor; few: number; most: boolean; until: number; end: number } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lostPatience = false;

  /** @param go called when the wait is over; the stream asks `waits` again then. */
  constructor(go: () => void) {
    this.#go = go;
  }

  get holding(): boolean {
    return this.#held !== null;
  }

  /** @param lacking those of `live` viewers without credit for what ends at `to`. @returns true: publish nothing until `go`. */
  waits(lacking: readonly M[], live: number, to: Cursor): boolean {
    if (this.#held !== null) return true;
    const impatient = this.#lostPatience;
    this.#lostPatience = false;
    if (impatient || lacking.length < CROWD || lacking.length <= live * FEW) return false;
    const now = performance.now();
    const most = lacking.length * 2 > live;
    const until = now + (most ? PATIENCE_WITH_MOST_MS : PATIENCE_MS);
    this.#held = { lacking: new Set(lacking), to, few: Math.max(CROWD - 1, live * FEW), most, until, end: now + MOST_MS };
    this.#sleep(until - now);
    return true;
  }

  /** A viewer acknowledged, or has another window. */
  moved(member: M): void {
    const held = this.#held;
    if (held === null || !held.lacking.has(member)) return;
    if (held.most) held.until = Math.min(performance.now() + PATIENCE_WITH_MOST_MS, held.end);
    if (held.to - member.acked <= member.window) this.left(member);
  }

  /** A viewer is not live any more, or has credit again. */
  left(member: M): void {
    const held = this.#held;
    if (held?.lacking.delete(member) !== true || held.lacking.size > held.few) return;
    this.close();
    this.#go();
  }

  /** Forgets the wait. */
  close(): void {
    this.#held = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #sleep(ms: number): void {
    this.#timer = setTimeout(() => {
      const left = (this.#held?.until ?? 0) - performance.now();
      if (left > 0) return this.#sleep(left);
      this.close();
      this.#lostPatience = true;
      this.#go();
    }, ms);
  }
}
