export interface HeartbeatPace {
  /** Milliseconds from one question to the next. */
  pingMs: number;
  /** So many questions in a row may stay without an answer. */
  misses: number;
}

/**
 * Asks another process whether it lives, again and again, until it is stopped. Silences are counted, not time: after the lid of a
 * laptop was shut for a night, or while this process itself was stopped, one is missing, and not thousands.
 * @param ask its answer is reported by `answered`. @param silent called at every beat after too many silences.
 */
export function heartbeat({ pingMs, misses }: HeartbeatPace, ask: () => void, silent: () => void): { answered(): void; stop(): void } {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered >= misses) return silent();
    unanswered += 1;
    ask();
  }, pingMs);
  return {
    answered: () => {
      unanswered = 0;
    },
    stop: () => clearInterval(timer),
  };
}
