import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Run } from '../../../shared/runs.ts';
import { connection } from '../connection/page-connection.ts';
import { oneAtATime } from './at-once.ts';
import { listRuns } from './run-calls.ts';

/**
 * The runs under way that the person may see, newest first, each with its newest line: one request for all of them, from time to time.
 * Following the output of all that runs would bring whole floods to a phone, for a line each. Null until they were read.
 */
export const openRuns = signal<readonly Run[] | null>(null);

const EVERY_MS = 2000;
const AFTER_NEWS_MS = 300;
const AFTER_FAILURE_MS = 15_000;
/** The first look comes when the host tells us of runs: what was read before that is read again. So long one waits for it. */
const TOLD_MS = 5000;

let followers = 0;
let stop: (() => void) | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let due = 0;

const look = oneAtATime(async () => {
  let wait = EVERY_MS;
  try {
    if (!document.hidden) openRuns.value = (await listRuns({ status: 'queued,running', last_line: 'true', limit: '50' })).items;
  } catch {
    // The host is away: what is known stays.
    wait = AFTER_FAILURE_MS;
  }
  if (openRuns.peek()?.length !== 0) lookIn(wait);
});

/** Looks in so many milliseconds, or earlier if that was settled before. */
function lookIn(ms: number): void {
  if (followers === 0) return;
  const at = performance.now() + ms;
  if (timer !== undefined && due <= at) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(() => {
    timer = undefined;
    void look();
  }, ms);
}

/** Keeps `openRuns` true while the component is there. */
export function useOpenRuns(): void {
  useEffect(() => {
    followers += 1;
    if (followers === 1) {
      stop = connection.onRun(
        () => lookIn(AFTER_NEWS_MS),
        () => lookIn(0),
      );
      lookIn(connection.toldOfRuns ? 0 : TOLD_MS);
    }
    return () => {
      followers -= 1;
      if (followers > 0) return;
      stop?.();
      clearTimeout(timer);
      timer = undefined;
      openRuns.value = null;
    };
  }, []);
}

/** The newest line that a run shows, kept true while it is under way and the page in view; empty when there is none. */
export function useLastLine(taskId: string): string {
  useOpenRuns();
  return openRuns.value?.find((run) => run.task_id === taskId)?.last_line ?? '';
}
