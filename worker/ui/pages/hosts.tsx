import { useSignal } from '@preact/signals';
import { EllipsisVertical, Plus } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { Host } from '../../../shared/hosts.ts';
import type { Member } from '../../../shared/members.ts';
import { minuteHand } from '../clock.ts';
import { listMembers, listPairings } from '../data/known-members.ts';
import { hosts, loadHost } from '../data/presence.ts';
import { useResource } from '../data/resource.ts';
import { useHosts } from '../data/watch-hosts.ts';
import { Badge } from '../parts/badge.tsx';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { HostDot, hostWords } from '../parts/host-state.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { When } from '../parts/when.tsx';
import { rich } from '../rich.ts';
import { shortTime } from '../time.ts';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';
import { AddHost } from './hosts/add-host.tsx';
import { HostSheet } from './hosts/host-sheet.tsx';
import { Invites } from './hosts/invites.tsx';

/** How often the requests that wait are read. */
const EVERY_MS = 4000;

/** All hosts of the installation: who is there, who may come in, and what each is called. */
export function Page() {
  useHosts();
  const members = useResource(listMembers);
  const chosen = useSignal<string | null>(null);
  const adding = useSignal(false);
  const member = members.data?.find(({ id }) => id === chosen.value);
  const problem = members.problem;
  return (
    <div class="narrow">
      <PageHead
        title={t('Hosts')}
        lead={t('The machines on which your scripts run. The home host knows the users, and lets the others in.')}
      >
        <Button kind="primary" icon={<Plus size={18} aria-hidden="true" />} onClick={setTo(adding, true)}>
          {t('Add a host')}
        </Button>
      </PageHead>
      {problem !== null && <Problem message={problem} action={<Button onClick={() => void members.reload()}>{t('Try again')}</Button>} />}
      <Waiting onAnswered={members.again} />
      <Section title={t('All hosts')} flush acts={<ButtonLink href="/all/runs">{t('Runs of all hosts')}</ButtonLink>}>
        {hosts.value.length === 0 ? (
          <Loading what={t('the hosts')} rows={2} />
        ) : (
          <Listing label={t('All hosts')}>
            {hosts.value.map((host) => (
              <HostLine
                key={host.id}
                host={host}
                member={members.data?.find(({ id }) => id === host.id)}
                onMore={() => {
                  chosen.value = host.id;
                }}
              />
            ))}
          </Listing>
        )}
      </Section>
      <Invites />
      {adding.value && <AddHost onClose={setTo(adding, false)} />}
      {member !== undefined && (
        <HostSheet
          key={member.id}
          member={member}
          onChanged={() => {
            members.again();
            void loadHost();
          }}
          onClose={setTo(chosen, null)}
        />
      )}
    </div>
  );
}

function HostLine({ host, member, onMore }: { host: Host; member: Member | undefined; onMore: () => void }) {
  const { duplicate } = host;
  return (
    <Line
      href={placeOn(host.home ? null : host.id, '/')}
      lead={<HostDot presence={host.presence} />}
      title={
        <>
          <span dir="auto">{host.name}</span>
          {host.home && <Badge>{t('home')}</Badge>}
        </>
      }
      acts={
        member !== undefined && (
          <Button
            kind="ghost"
            aria-label={t('Change {name}', { name: host.name })}
            aria-haspopup="dialog"
            icon={<EllipsisVertical size={20} aria-hidden="true" />}
            onClick={onMore}
          />
        )
      }
    >
      {hostWords(host)}
      {host.version !== null && ` · Toru ${host.version}`}
      {member !== undefined && <> · {rich('paired {when}', { when: <When at={member.paired_at} /> })}</>}
      {duplicate != null && (
        <span class="notice">
          {t('Another agent came with its key at {at}, from {address}, and was refused. If it is no copy of yours: toru key rotate', {
            at: shortTime(Date.parse(duplicate.at), minuteHand.value),
            address: duplicate.address,
          })}
        </span>
      )}
    </Line>
  );
}

/** The requests to pair that nobody has answered. */
function Waiting({ onAnswered }: { onAnswered: () => void }) {
  const list = useResource(listPairings);
  const waiting = list.data ?? [];
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) list.again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  // One that is gone may have become a host.
  useEffect(onAnswered, [waiting.length]);
  if (waiting.length === 0) return null;
  return (
    <Section title={t('Wait to be let in')} flush>
      <Listing label={t('Wait to be let in')}>
        {waiting.map((one) => (
          <Line key={one.user_code} href={`/pair?code=${one.user_code}`} title={one.name}>
            {t('{user} at {address}, code {code}', { user: one.os_user, address: one.address, code: one.user_code })}
          </Line>
        ))}
      </Listing>
    </Section>
  );
}
