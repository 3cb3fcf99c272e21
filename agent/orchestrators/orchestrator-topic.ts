import type { SystemTopics } from '../http/topics.ts';
import { admin } from '../users/permissions.ts';
import type { Orchestrators } from './orchestrators.ts';

/** The topic `orchestrators`, for admins: orchestrators and insights that are new or changed. */
export function orchestratorTopic(orchestrators: Pick<Orchestrators, 'onChange'>): SystemTopics {
  return {
    topics: [{ topic: 'orchestrators', permission: admin, nameFor: () => 'orchestrators' }],
    start: (sink) => ({
      stop: orchestrators.onChange((frame) => {
        if (!sink.watched('orchestrators')) return;
        const about =
          frame.type === 'orchestrators.insight'
            ? frame.insight.id
            : frame.type === 'orchestrators.removed'
              ? frame.id
              : frame.orchestrator.id;
        sink.tell('orchestrators', JSON.stringify(frame), about);
      }),
    }),
  };
}
