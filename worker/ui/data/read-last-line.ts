import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { readOutput } from './output-lines.ts';

/** A tile is looked at from time to time: following all that runs would bring whole floods to a phone, for a line each. */
const EVERY_MS = 2000;
const AFTER_FAILURE_MS = 15_000;
const TAIL_BYTES = 2048;

/** The newest line that a run shows, kept true while it is under way and the page in view; empty when there is none. */
export function useLastLine(taskId: string): string {
  const line = useSignal('');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const look = async (): Promise<void> => {
      let wait = EVERY_MS;
      try {
        const text = document.hidden ? line.peek() : await lastLineOf(taskId);
        if (!gone) line.value = text;
      } catch {
        // The host is away, or the run is somebody else's: what is known stays.
        wait = AFTER_FAILURE_MS;
      }
      if (!gone) timer = setTimeout(look, wait);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [taskId]);
  return line.value;
}

/** The newest line of a run; empty when it shows none. @throws ToruError. */
export async function lastLineOf(taskId: string): Promise<string> {
  const { LastLine } = await import('../../../shared/terminal/last-line.ts');
  const last = new LastLine();
  for (const line of await readOutput(taskId, { tail: TAIL_BYTES })) if ('data' in line) last.feed(line.stream, line.data);
  // What a progress bar of its own would say.
  return last.progress?.state === 'going' ? `${last.progress.percent} % · ${last.text}` : last.text;
}
