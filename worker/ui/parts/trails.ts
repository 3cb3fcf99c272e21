/** The memory of the guard of controls (deliberate.ts). Pure: times are given, in milliseconds of one clock. */

/** So long a control has to stand under a pointer before that pointer can press it, and so long two presses lie apart. */
export const SETTLE_MS = 800;
/** Two clicks within such a distance are at one place. CSS pixels. */
const NEAR_PX = 24;

export interface Spot {
  x: number;
  y: number;
}

type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

export function isNear(a: Spot, b: Spot): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) <= NEAR_PX;
}

function isInside({ x, y }: Spot, box: Box): boolean {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

/** Where the pointer was: of the last SETTLE_MS all of it, and the place where it rested before. A finger rests where it tapped. */
export class PointerTrail {
  #spots: (Spot & { at: number })[] = [];

  note(spot: Spot, at: number): void {
    this.#spots.push({ ...spot, at });
    let old = 0;
    while ((this.#spots[old + 1]?.at ?? at) < at - SETTLE_MS) old += 1;
    this.#spots.splice(0, old);
  }

  /** @param box read only when there is a pointer: on a page that nobody touched yet, it costs a layout for each control. */
  isIn(box: () => Box): boolean {
    const now = this.#spots.at(-1);
    return now !== undefined && isInside(now, box());
  }

  /** Is it there already? */
  restsAt(spot: Spot): boolean {
    const now = this.#spots.at(-1);
    return now !== undefined && now.x === spot.x && now.y === spot.y;
  }

  /** Was it inside all the time since then? Not, when it was never seen before then. */
  restedIn(box: Box, since: number): boolean {
    const from = this.#spots.findLastIndex(({ at }) => at <= since);
    return from >= 0 && this.#spots.slice(from).every((spot) => isInside(spot, box));
  }
}

/** The act of a control, and since when it has it. */
export class Standing {
  #acts: string | null = null;
  #since = Number.NEGATIVE_INFINITY;
  /** The act before this one, which stood there long enough to be read. */
  #settled: string | null = null;

  get since(): number {
    return this.#since;
  }

  /** @param acts null while it can't be pressed. */
  becomes(acts: string | null, now: number): void {
    if (acts === this.#acts) return;
    if (now - this.#since >= SETTLE_MS) this.#settled = this.#acts;
    this.#acts = acts;
    // Back to what it was before anybody could read otherwise: for a person it never changed.
    this.#since = acts !== null && acts === this.#settled ? Number.NEGATIVE_INFINITY : now;
  }

  moved(now: number): void {
    this.#since = now;
  }
}

const MODIFIERS: ReadonlySet<string> = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock']);

/** The keys that press (Enter and space), and whether anything else was typed between. */
export class KeyTrail {
  #at = Number.NEGATIVE_INFINITY;
  #repeats = false;
  #typedAt = Number.NEGATIVE_INFINITY;

  down({ key, repeat }: Pick<KeyboardEvent, 'key' | 'repeat'>, now: number): void {
    if (key === 'Enter' || key === ' ') {
      this.#repeats = repeat || (now - this.#at < SETTLE_MS && !this.typedSince(this.#at));
      this.#at = now;
    } else if (!MODIFIERS.has(key)) this.typed(now);
  }

  typed(now: number): void {
    this.#typedAt = now;
  }

  typedSince(at: number): boolean {
    return this.#typedAt > at;
  }

  /** Was one of them pressed a moment ago? Then a click without a pointer comes from it. */
  pressed(now: number): boolean {
    return now - this.#at < SETTLE_MS;
  }

  /** Does that press follow another one, with nothing typed between? */
  repeats(now: number): boolean {
    return this.#repeats && this.pressed(now);
  }
}
