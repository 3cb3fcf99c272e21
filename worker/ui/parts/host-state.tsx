import type { Host } from '../../../shared/hosts.ts';
import { minuteHand } from '../clock.ts';
import { shortTime } from '../time.ts';
import { t } from '../translate.ts';
import './host-state.css';

type Known = Pick<Host, 'presence' | 'last_seen'>;

/** Is a host there? In words, which say since when it is not. */
export function hostWords({ presence, last_seen }: Known): string {
  if (presence === 'online') return t('online');
  if (presence === 'unknown') return t('does not answer just now');
  return last_seen === null ? t('was never here') : t('away since {since}', { since: shortTime(Date.parse(last_seen), minuteHand.value) });
}

/** The sign for it, whose words stand beside it. */
export function HostDot({ presence }: Pick<Known, 'presence'>) {
  return <span class={`dot dot-${presence}`} aria-hidden="true" />;
}

/** Both. */
export function HostState({ host }: { host: Known }) {
  return (
    <span class="host-state small muted">
      <HostDot presence={host.presence} /> {hostWords(host)}
    </span>
  );
}
