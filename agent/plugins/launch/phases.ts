/** What a supervised plugin is doing. Why it does nothing (disabled, changed, …) is known to who started it. */
export type Phase = 'idle' | 'starting' | 'running' | 'waiting' | 'stopping';

/** All transitions: from a phase to those that may follow it. */
export const TRANSITIONS: Record<Phase, readonly Phase[]> = {
  idle: ['starting'],
  starting: ['running', 'waiting', 'stopping', 'idle'],
  running: ['waiting', 'stopping', 'idle'],
  waiting: ['starting', 'idle'],
  stopping: ['idle'],
};

/** What can be seen of a supervised plugin at one moment. */
export interface Status {
  phase: Phase;
  /** Of its process; null without one. */
  pid: number | null;
  /** Since it was last healthy. */
  crashes: number;
  startedAt: Date | null;
  retryAt: Date | null;
  /** Why it is not running, while it waits. */
  problem: string | null;
}
