const MIN_BYTES = 8 * 1024;
const FIRST_BYTES = 16 * 1024;
const MAX_BYTES = 128 * 1024;
/** One step keeps everything else of the agent waiting: it shall take less than this, and may take a quarter of it. */
const STEP_MS = 4;

/** How much is looked through in one go: as much as keeps the agent awake for a cancel, whatever is looked for. */
export class Pace {
  bytes = FIRST_BYTES;

  measure<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    const took = performance.now() - began;
    if (took > STEP_MS) this.bytes = Math.max(MIN_BYTES, this.bytes / 2);
    else if (took < STEP_MS / 4) this.bytes = Math.min(MAX_BYTES, this.bytes * 2);
    return result;
  }
}
