import { inTurn, type Lane, type LoopTurns, turns } from '../loop-turns.ts';

const MIN_BYTES = 8 * 1024;
const FIRST_BYTES = 16 * 1024;
const MAX_BYTES = 64 * 1024;
/** One step keeps everything else of the agent waiting: it shall take less than this, and may take a quarter of it. */
const STEP_MS = 1;
/** All searches of the host. A cancel passes the loop ten times on its way, and waits for them each time. */
const SEARCHES = { kind: 'searches', turnMs: 1 };

/** How much is looked through in one go, and when: as much as keeps the agent awake for a cancel, whatever and however often is looked for. */
export class Pace {
  bytes = FIRST_BYTES;
  readonly #lane: Lane;

  constructor(order: Pick<LoopTurns, 'lane'> = turns) {
    this.#lane = order.lane(null, SEARCHES);
  }

  /** @returns what `work` gives, once it is this search's turn. */
  turn<T>(work: () => T): Promise<T> {
    return inTurn(this.#lane, work);
  }

  /** The same of a step whose size is `bytes`, which the time that it takes corrects. */
  step<T>(work: () => T): Promise<T> {
    return this.turn(() => this.measure(work));
  }

  measure<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    const took = performance.now() - began;
    if (took > STEP_MS) this.bytes = Math.max(MIN_BYTES, this.bytes / 2);
    else if (took < STEP_MS / 4) this.bytes = Math.min(MAX_BYTES, this.bytes * 2);
    return result;
  }
}
