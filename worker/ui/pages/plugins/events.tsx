import type { PluginEvent } from '../../../../shared/plugins.ts';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';

/** The events of a plugin, newest first. */
export function PluginEvents({ events }: { events: readonly PluginEvent[] }) {
  if (events.length === 0) return null;
  return (
    <Section title={t('What happened')} flush>
      <Listing label={t('What happened')}>
        {events.slice(0, 20).map((event) => (
          <Line key={`${event.time} ${event.event}`} title={event.event} aside={<When at={event.time} />}>
            {reported(event.detail)}
          </Line>
        ))}
      </Listing>
    </Section>
  );
}

/** The sentence first, then what it was about. Of a hash as much as tells two apart. */
function reported({ message, ...rest }: Record<string, unknown>): string {
  const facts = Object.entries(rest)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${name === 'sha256' ? `${String(value).slice(0, 12)}…` : value}`);
  return [...(typeof message === 'string' ? [message] : []), ...facts].join(' · ');
}
