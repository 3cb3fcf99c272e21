import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Job as FlowJob } from '../../shared/flow/job.ts';
import { isEnded } from '../../shared/flow/job.ts';
import { allSteps } from '../../shared/flow/steps.ts';
import type { SystemTopics } from '../http/topics.ts';
import { any } from '../users/permissions.ts';
import type { LiveJob } from './job-store.ts';
import type { Jobs } from './jobs.ts';

interface JobTopicOptions {
  onChange(listener: (live: LiveJob) => void): () => void;
  jobs: Pick<Jobs, 'summary' | 'step'>;
}

/** The topic `jobs`: all of them for an admin, `jobs/<user_id>` for a client. A frame for the job, and one for each step that changed. */
export function jobTopic(workflows: JobTopicOptions): SystemTopics {
  return {
    topics: [{ topic: 'jobs', permission: any, nameFor: ({ role, user_id }) => (role === 'admin' ? 'jobs' : `jobs/${user_id}`) }],
    start: (sink) => {
      /** As it was shown last: a step that is the same object has not changed. */
      const shown = new Map<string, FlowJob>();
      const { jobs } = workflows;
      return {
        stop: workflows.onChange((live) => {
          const { row, job } = live;
          const names = ['jobs', `jobs/${row.user_id}`].filter((name) => sink.watched(name));
          if (names.length === 0 || job === null) return void shown.delete(row.job_id);
          const tell = (frame: ServerFrame, about: string): void => {
            for (const name of names) sink.tell(name, JSON.stringify(frame), about);
          };
          const before = new Map(shown.has(row.job_id) ? allSteps(shown.get(row.job_id) ?? job) : []);
          tell({ type: 'job', job: jobs.summary(live) }, row.job_id);
          for (const [name, step] of allSteps(job))
            if (before.get(name) !== step)
              tell({ type: 'job_step', job_id: row.job_id, step: jobs.step(live, name) }, `${row.job_id}/${name}`);
          if (isEnded(row.state)) shown.delete(row.job_id);
          else shown.set(row.job_id, job);
        }),
      };
    },
  };
}
