import type { List } from '../../../shared/api.ts';
import { unreachable } from '../../../shared/errors.ts';
import type { Run, RunSummary } from '../../../shared/runs.ts';
import { agent, read, until } from '../api.ts';
import { isRun, listOf } from '../guards.ts';
import { t } from '../translate.ts';

/** How a run is shown: a tone of the palette, and a word for it. */
export interface Outcome {
  tone: 'live' | 'wait' | 'ok' | 'bad' | 'quiet';
  word: string;
}

/** @param brief where there is little room: without the exit code. */
export function outcome(
  run: Pick<RunSummary, 'state' | 'exit_code'> & {
    signal?: string | null;
    finishing?: boolean | undefined;
    waiting_for_input?: boolean | undefined;
    stopping?: boolean | undefined;
  },
  brief = false,
): Outcome {
  switch (run.state) {
    case 'queued':
      return { tone: 'wait', word: t('Queued') };
    case 'running':
      if (run.waiting_for_input === true && run.stopping !== true) return { tone: 'wait', word: t('Waits for your answer') };
      // The script has ended; its last output is on its way.
      return { tone: 'live', word: run.stopping === true ? t('Stopping') : run.finishing === true ? t('Finishing') : t('Running') };
    case 'exited':
      if (run.exit_code === 0) return { tone: 'ok', word: t('Succeeded') };
      return {
        tone: 'bad',
        word:
          run.exit_code !== null && !brief
            ? t('Failed with {code}', { code: run.exit_code })
            : run.exit_code === null && run.signal
              ? t('Killed by {signal}', { signal: run.signal })
              : t('Failed'),
      };
    case 'cancelled':
      return { tone: 'quiet', word: t('Cancelled') };
    case 'timed_out':
      return { tone: 'bad', word: t('Timed out') };
    case 'interrupted':
      return { tone: 'bad', word: t('Interrupted') };
    case 'refused':
      return { tone: 'bad', word: t('Refused') };
    default:
      return unreachable(run.state);
  }
}

/** How long it took, or takes: milliseconds; null when it never ran. */
export function took(run: Pick<RunSummary, 'started_at' | 'ended_at'>, now: number): number | null {
  if (run.started_at === null) return null;
  return (run.ended_at === null ? now : Date.parse(run.ended_at)) - Date.parse(run.started_at);
}

export function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return read(isRun, agent.runs[':id'].$get({ param: { id } }, until(signal)));
}

export function listRuns(query: Record<string, string>, signal?: AbortSignal): Promise<List<Run>> {
  return read(listOf(isRun), agent.runs.$get({ query }, until(signal)));
}
