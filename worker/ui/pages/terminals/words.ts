import { unreachable } from '../../../../shared/errors.ts';
import type { Terminal } from '../../../../shared/terminals.ts';
import { t } from '../../translate.ts';

/** What it wants of people, in words; '' for nothing. */
export function wishOf({ state, attention }: Terminal): string {
  if (state === 'ended') return '';
  switch (attention) {
    case 'none':
      return '';
    case 'bell':
      return t('Its bell rang');
    case 'permission':
      return t('Asks something');
    case 'idle':
      return t('Waits for input');
    case 'done':
      return t('Is done');
    case 'stalled':
      return t('Does not go on');
    default:
      return unreachable(attention);
  }
}

/** How a terminal is, in words. */
export function stateOf({ state, frozen, exit_code, signal, reason }: Terminal): string {
  if (state === 'running') return t('Running');
  if (state === 'suspended') return frozen ? t('Frozen') : t('Suspended');
  if (reason !== null) return reason;
  if (signal !== null) return t('Ended by {signal}', { signal });
  return exit_code === null ? t('Ended') : t('Ended with code {code}', { code: exit_code });
}
