/** What the row under way is doing, and until when it may. One row is measured at a time. */
let doing = 'it began';
let over: Error | null = null;
let endsAt = Number.POSITIVE_INFINITY;
const closers = new Set<() => Promise<unknown>>();

/** Says what begins now: it stands in the error when nothing comes of it. @throws when the row's time is up. */
export function stage(what: string): void {
  // Work that leaves no time for timers is ended here.
  if (over === null && performance.now() > endsAt) over = late(doing);
  if (over !== null) throw over;
  doing = what;
}

/** Closed when the row's time is up: what waits for an answer of it fails then. @returns takes it back. */
export function closeWhenLate(close: () => Promise<unknown>): () => void {
  closers.add(close);
  return () => closers.delete(close);
}

function late(at: string): Error {
  return new Error(`its time was up. It stood still, or was too slow, at: ${at}`);
}

/** What is closed gets so long, and the row so long to notice. */
const CLOSING_MS = 40_000;

/**
 * Measures within a time. When it is up, all that the row started is ended.
 * @throws what it throws; when it was late, with what stood still.
 */
export async function withDeadline<T>(seconds: number, measure: () => Promise<T>): Promise<T> {
  doing = 'it began';
  over = null;
  endsAt = performance.now() + seconds * 1000;
  const ended = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = over ?? late(doing);
    over = error;
    const giveUp = setTimeout(() => ended.reject(error), CLOSING_MS);
    void Promise.allSettled([measured, ...[...closers].map((close) => close())]).then(() => {
      clearTimeout(giveUp);
      ended.reject(error);
    });
  }, seconds * 1000);
  const measured = measure();
  try {
    // Late, it fails with what it was waiting for: the reason is ours.
    return await Promise.race([measured.catch((error: unknown) => (over === null ? Promise.reject(error) : ended.promise)), ended.promise]);
  } finally {
    clearTimeout(timer);
    closers.clear();
  }
}
