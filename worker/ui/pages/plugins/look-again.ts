import { useEffect } from 'preact/hooks';
import type { PluginSummary } from '../../../../shared/plugins.ts';
import { isAdmin } from '../../own-session.ts';

const PAUSE_MS = 5000;

/** Nobody but admins hears how plugins do: for the others, those that are on their way are looked at again until they are up. */
export function useLookAgain(reload: () => Promise<void>, shown: readonly PluginSummary[]): void {
  const waits = !isAdmin.value && shown.some(({ enabled, state }) => enabled && state !== 'running');
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && void reload(), PAUSE_MS);
    return () => clearInterval(timer);
  }, [waits]);
}
