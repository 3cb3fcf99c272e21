import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { System, SystemSample } from '../../../../shared/system.ts';
import { agent, read, until } from '../../api.ts';
import { hostNow } from '../../clock.ts';
import { connection } from '../../connection/page-connection.ts';
import { useResource } from '../../data/resource.ts';
import { isSystem } from '../../place-guards.ts';
import { withSample } from './samples.ts';

/** Disks and uptime change slowly. */
const REREAD_MS = 60_000;

/** The host as it is, and its load of the last minutes as it goes on. Both stay as they were while the host is away. */
export interface LiveSystem {
  system: System | null;
  samples: readonly SystemSample[];
  /** When `system` was read, in milliseconds. */
  at: number;
  problem: string | null;
  reload: () => Promise<void>;
}

export function useLiveSystem(): LiveSystem {
  const samples = useSignal<readonly SystemSample[]>([]);
  const at = useSignal(0);
  const resource = useResource(async (signal) => {
    const system = await read(isSystem, agent.system.$get(undefined, until(signal)));
    at.value = hostNow();
    // A sample that came while the answer was on its way is newer than its history.
    samples.value = samples.peek().reduce(withSample, withSample(system.history, system.sample));
    return system;
  });
  useEffect(() => {
    // Nobody sees a hidden page, and sampling costs the host something.
    let stop: (() => void) | null = null;
    function follow(): void {
      stop?.();
      stop = document.hidden
        ? null
        : connection.onSystem((sample) => {
            samples.value = withSample(samples.peek(), sample);
          });
    }
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stop?.();
    };
  }, []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden && connection.host.peek()?.online !== false) void resource.reload();
    }, REREAD_MS);
    return () => clearInterval(timer);
  }, []);
  return { system: resource.data, samples: samples.value, at: at.value, problem: resource.problem, reload: resource.reload };
}
