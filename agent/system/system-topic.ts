import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { SystemTopics } from '../http/topics.ts';
import { admin } from '../users/permissions.ts';
import type { System } from './system.ts';

const SYSTEM = 'system';

/** The topic `system`. Samples are taken only while somebody looks, but for one a minute, which is kept. */
export function systemTopic(system: Pick<System, 'subscribe' | 'record'>): SystemTopics {
  return {
    topics: [{ topic: SYSTEM, permission: admin, nameFor: () => SYSTEM }],
    start: (sink) => {
      let stop: (() => void) | null = null;
      const stopRecording = system.record();
      return {
        watchedChanged: (name, watched) => {
          if (name !== SYSTEM) return;
          stop?.();
          stop = watched
            ? system.subscribe((sample) => sink.tell(SYSTEM, JSON.stringify({ type: 'system', sample } satisfies ServerFrame), SYSTEM))
            : null;
        },
        stop: () => {
          stop?.();
          stopRecording();
        },
      };
    },
  };
}
