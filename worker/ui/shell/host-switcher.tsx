import { useSignal } from '@preact/signals';
import { ChevronsUpDown, History, Server } from 'lucide-preact';
import { host, hosts } from '../data/presence.ts';
import { useHosts } from '../data/watch-hosts.ts';
import { isAdmin } from '../own-session.ts';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { HostDot, hostWords } from '../parts/host-state.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { Sheet, SheetButtons } from '../parts/sheet.tsx';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';

/** The way to the other hosts, where there are any. */
export function HostSwitcher() {
  const open = useSignal(false);
  return (
    <>
      <Button
        kind="ghost"
        class="rail-switch"
        aria-label={t('Another host')}
        title={t('Another host')}
        aria-haspopup="dialog"
        icon={<ChevronsUpDown size={18} aria-hidden="true" />}
        onClick={setTo(open, true)}
      />
      {open.value && <HostsSheet onClose={setTo(open, false)} />}
    </>
  );
}

function HostsSheet({ onClose }: { onClose: () => void }) {
  useHosts();
  return (
    <Sheet title={t('Hosts')} onClose={onClose}>
      <Listing label={t('Hosts')}>
        {hosts.value.map((one) => (
          <Line
            key={one.id}
            href={placeOn(one.home ? null : one.id, '/')}
            lead={<HostDot presence={one.presence} />}
            title={one.name}
            here={one === host.value}
          >
            {hostWords(one)}
          </Line>
        ))}
      </Listing>
      <SheetButtons>
        <ButtonLink href="/all/runs" icon={<History size={18} aria-hidden="true" />}>
          {t('Runs of all hosts')}
        </ButtonLink>
        {isAdmin.value && (
          <ButtonLink href="/hosts" icon={<Server size={18} aria-hidden="true" />}>
            {t('All hosts')}
          </ButtonLink>
        )}
      </SheetButtons>
    </Sheet>
  );
}
