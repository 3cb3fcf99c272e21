import type { KeptOfHook } from '../../../../shared/webhooks.ts';
import { host } from '../../data/presence.ts';
import { listOfAll, number, shape, text } from '../../guards.ts';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { plural } from '../../translate.ts';

const isKept = listOfAll(shape<KeptOfHook>({ name: text, count: number, oldest_at: text }));

/** Requests to hooks that the edge keeps until the host is back; nothing where there are none, or for who may not see them. */
export function KeptWebhooks() {
  const kept: unknown = host.value?.kept_webhooks;
  if (!isKept(kept) || kept.length === 0) return null;
  return (
    <ul class="small muted" role="status">
      {kept.map(({ name, count, oldest_at }) => (
        <li key={name}>
          {plural(
            count,
            '1 request to the hook {name} is kept until the host is back',
            '{count} requests to the hook {name} are kept until the host is back',
            { name },
          )}{' '}
          {rich('(the oldest {when})', { when: <When at={oldest_at} /> })}
        </li>
      ))}
    </ul>
  );
}
