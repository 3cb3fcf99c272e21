import type { Terminal } from '../../../../shared/terminals.ts';
import { t } from '../../translate.ts';

/** How a terminal is, in words. */
export function stateOf({ state, frozen, exit_code, signal, reason }: Terminal): string {
  if (state === 'running') return t('Running');
  if (state === 'suspended') return frozen ? t('Frozen') : t('Suspended');
  if (reason !== null) return reason;
  if (signal !== null) return t('Ended by {signal}', { signal });
  return exit_code === null ? t('Ended') : t('Ended with code {code}', { code: exit_code });
}
