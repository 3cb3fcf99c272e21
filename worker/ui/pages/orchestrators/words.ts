import type { InsightKind, Orchestrator } from '../../../../shared/orchestrators.ts';
import { t } from '../../translate.ts';

/** What was found, in a word or two. */
export function kindOf(kind: InsightKind): string {
  switch (kind) {
    case 'stalled':
      return t('Does not go on');
    case 'permission':
      return t('Asks for your permission');
    case 'error_loop':
      return t('Repeats an error');
    case 'done':
      return t('Is done');
    case 'long_command':
      return t('Runs for long');
    case 'conflict':
      return t('Works beside another');
  }
}

export function toneOf(kind: InsightKind): 'wait' | 'ok' | 'bad' {
  return kind === 'done' ? 'ok' : kind === 'error_loop' || kind === 'conflict' ? 'bad' : 'wait';
}

export function stallOf({ stall_s }: Pick<Orchestrator, 'stall_s'>): string {
  return stall_s % 60 === 0 ? t('{count} min', { count: stall_s / 60 }) : t('{count} s', { count: stall_s });
}
