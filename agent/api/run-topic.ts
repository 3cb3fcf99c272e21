import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Run, RunNews, RunSummary } from '../../shared/runs.ts';
import type { SystemTopics } from '../http/topics.ts';
import { any } from '../users/permissions.ts';
import { summaryOf } from './run-frames.ts';

interface RunTopicOptions {
  onChange(listener: (run: Run) => void): () => void;
}

/** The topic `runs`: all of them for an admin, `runs/<user_id>` for a client. */
export function runTopic(runs: RunTopicOptions): SystemTopics {
  return {
    topics: [{ topic: 'runs', permission: any, nameFor: ({ role, user_id }) => (role === 'admin' ? 'runs' : `runs/${user_id}`) }],
    start: (sink) => ({
      stop: runs.onChange((run) => {
        const { note, stopping, waiting_for_input, input_hidden } = run;
        const news: RunNews = {
          ...summaryOf(run),
          ...(note === undefined ? {} : { note }),
          ...(waiting_for_input === undefined ? {} : { waiting_for_input }),
          ...(input_hidden === undefined ? {} : { input_hidden }),
          ...(stopping === undefined ? {} : { stopping }),
        };
        for (const name of ['runs', `runs/${run.user_id}`]) {
          if (sink.watched(name)) sink.tell(name, JSON.stringify({ type: 'run', run: news } satisfies ServerFrame), run.task_id);
        }
      }),
    }),
  };
}

/** Tells the edge of every change of a run, watched or not: it keeps the last ones for when the host is away. @returns stops it. */
export function tellSummaries(runs: RunTopicOptions, edge: { summary(run: RunSummary): void }): () => void {
  return runs.onChange((run) => edge.summary(summaryOf(run)));
}
