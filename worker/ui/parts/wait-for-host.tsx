import { PlugZap } from 'lucide-preact';
import { hostNow } from '../clock.ts';
import { WAITS } from '../data/ask-to-wait.ts';
import { hostName } from '../data/pending.ts';
import { hostPresence } from '../data/presence.ts';
import { shortTime } from '../time.ts';
import { t } from '../translate.ts';
import { Field } from './field.tsx';
import './empty.css';
import './wait-for-host.css';

/** The question of a press with the host away: shall the run wait, and for how many seconds? `keeps`: the things that the server stores meanwhile. */
export function WaitForHost(props: { value: number; keeps: string | null; onValue: (seconds: number) => void }) {
  const presence = hostPresence.value;
  const since = presence.kind === 'host_away' ? presence.since : null;
  return (
    <div class="wait">
      <p class="notice wait-what">
        <PlugZap size={18} aria-hidden="true" />
        <span>
          {since === null
            ? t('{host} is offline.', { host: hostName.value })
            : t('{host} is offline since {time}.', { host: hostName.value, time: shortTime(since, hostNow()) })}{' '}
          {t('This can wait at the server, and starts once when {host} is back.', { host: hostName.value })}
        </span>
      </p>
      <Field
        label={t('Wait at most')}
        help={props.keeps === null ? undefined : t('Until then the server keeps {keeps}.', { keeps: props.keeps })}
      >
        {(ties) => (
          <select {...ties} class="select" value={props.value} onChange={(event) => props.onValue(Number(event.currentTarget.value))}>
            {WAITS.map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}
