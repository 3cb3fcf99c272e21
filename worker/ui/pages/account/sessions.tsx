import { useSignal } from '@preact/signals';
import { Laptop, Smartphone, SquareTerminal } from 'lucide-preact';
import type { Session } from '../../../../shared/sessions.ts';
import { edge, sentence } from '../../api.ts';
import type { Resource } from '../../data/resource.ts';
import { isAnything, listOf } from '../../guards.ts';
import { Ask } from '../../parts/ask.tsx';
import { Badge } from '../../parts/badge.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { When } from '../../parts/when.tsx';
import { isSession } from '../../place-guards.ts';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { plural, t } from '../../translate.ts';
import { deviceOf, placeOf } from './device.ts';

const KINDS = { phone: Smartphone, computer: Laptop, program: SquareTerminal } as const;

/** This one first, then by when they were last used. */
export async function listSessions(signal: AbortSignal): Promise<Session[]> {
  const list = await edge(listOf(isSession), 'GET', '/api/sessions', { signal });
  return list.items.toSorted((a, b) => Number(b.current) - Number(a.current) || b.last_seen_at.localeCompare(a.last_seen_at));
}

/** Where one is logged in, and the way to end it there. */
export function Sessions(props: { sessions: Resource<Session[]> }) {
  const { data, problem, reload, update } = props.sessions;
  const ending = useSignal<string | null>(null);
  const askAll = useSignal(false);
  const others = data?.filter((session) => !session.current) ?? [];

  async function end(session: Session): Promise<void> {
    ending.value = session.id;
    try {
      await edge(isAnything, 'DELETE', `/api/sessions/${encodeURIComponent(session.id)}`);
      update((now) => now.filter((one) => one.id !== session.id));
    } catch (error) {
      toast(sentence(error), 'bad');
      void reload();
    } finally {
      ending.value = null;
    }
  }

  return (
    <Section
      title={t('Where you are logged in')}
      help={t('End what you do not know, then change your password.')}
      flush
      acts={others.length > 0 && <Button onClick={setTo(askAll, true)}>{t('End all others')}</Button>}
    >
      {problem !== null && <Problem message={problem} action={<Button onClick={() => void reload()}>{t('Try again')}</Button>} />}
      {data === null && problem === null && <Loading what={t('your sessions')} rows={2} />}
      <Listing label={t('Sessions')}>
        {data?.map((session) => {
          const device = deviceOf(session.user_agent);
          const Icon = KINDS[device.kind];
          return (
            <Line
              key={session.id}
              lead={<Icon size={24} strokeWidth={1.6} aria-hidden="true" />}
              title={
                <>
                  <span title={session.user_agent}>{device.name}</span>
                  {session.current && <Badge tone="live">{t('this device')}</Badge>}
                </>
              }
              acts={
                session.current ? undefined : (
                  <Button
                    acts="end"
                    small
                    busy={ending.value === session.id}
                    aria-label={t('End the session of {name}', { name: device.name })}
                    onClick={() => void end(session)}
                  >
                    {ending.value === session.id ? t('Ending…') : 'End'}
                  </Button>
                )
              }
            >
              {rich(session.current ? 'From {address}, logged in {since}' : 'From {address}, logged in {since}, last used {when}', {
                address: placeOf(session.address),
                since: <When at={session.created_at} />,
                when: <When at={session.last_seen_at} />,
              })}
            </Line>
          );
        })}
      </Listing>
      {askAll.value && (
        <Ask
          title={t('End all other sessions?')}
          verb={t('End them')}
          doing={t('Ending…')}
          onClose={setTo(askAll, false)}
          onYes={async () => {
            await edge(isAnything, 'DELETE', '/api/sessions');
            await reload();
            toast(t('Every other device was logged out.'), 'ok');
          }}
        >
          <p>
            {plural(
              others.length,
              'One other device is logged out at once, and must type the password again. What was started there goes on.',
              '{count} other devices are logged out at once, and must type the password again. What was started there goes on.',
            )}
          </p>
        </Ask>
      )}
    </Section>
  );
}
