import type { Log } from './logger.ts';

/**
 * Work for which nobody waits: a look every minute, a file that goes when its time is over. An error that nothing catches ends the agent;
 * one of such work is logged, and the next look tries again: the disk may be full, or what was looked at gone.
 * @param what the work, as the beginning of a sentence: `'the trash of terminals could not be emptied'`.
 * @returns the work, for a timer; it never throws.
 */
export function inBackground(what: string, log: Pick<Log, 'warn'>, work: () => unknown): () => void {
  const failed = (error: unknown): void => log.warn({ err: error }, what);
  return () => {
    try {
      const done = work();
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
