/** A viewer that acknowledged nothing for so long holds nobody up any more: the output runs on, and it is told of a gap if need be. */
const STALLED_MS = 10_000;

/** One that looks at a terminal, as far as the terminal's speed depends on it. */
export interface FlowViewer {
  /** The bytes that it may leave unacknowledged now. */
  window(): number;
  acked: number;
  /** When that changed last. */
  ackedAt: number;
}

/**
 * Does the program wait for its viewers, as it would for a terminal? It does while each of them is behind by more than its window: one
 * slow viewer holds up neither the program nor the others, which read on. With nobody there nothing waits.
 */
export function mustWait(viewers: Iterable<FlowViewer>, end: number, now: number): boolean {
  let some = false;
  for (const viewer of viewers) {
    const behind = end - viewer.acked > viewer.window();
    if (!behind) return false;
    if (now - viewer.ackedAt < STALLED_MS) some = true;
  }
  return some;
}
