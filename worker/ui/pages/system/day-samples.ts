import { useEffect } from 'preact/hooks';
import type { SystemSample } from '../../../../shared/system.ts';
import { agent, read, until } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { isSystemSample, listOf } from '../../guards.ts';
import { DAY_STEP_S } from './samples.ts';

/** The load of the last day; null until it was read. @param wanted nothing is read before. */
export function useDay(wanted: boolean): readonly SystemSample[] | null {
  const step = String(DAY_STEP_S / 60);
  const day = useResource(
    async (signal) =>
      wanted ? (await read(listOf(isSystemSample), agent.system.day.$get({ query: { step } }, until(signal)))).items : null,
    String(wanted),
  );
  useEffect(() => {
    if (!wanted) return undefined;
    const timer = setInterval(() => void day.reload(), DAY_STEP_S * 1000);
    return () => clearInterval(timer);
  }, [wanted]);
  return day.data;
}
