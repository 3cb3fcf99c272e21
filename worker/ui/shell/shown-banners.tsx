import { CloudOff, PlugZap, RefreshCw, WifiOff } from 'lucide-preact';
import { hostNow, minuteHand } from '../clock.ts';
import { connection, reloadWanted } from '../connection/page-connection.ts';
import { host, hostPresence } from '../data/presence.ts';
import { reloadFromServer } from '../navigation.ts';
import { Button } from '../parts/button.tsx';
import { late } from '../parts/late.tsx';
import { shortTime } from '../time.ts';
import { t } from '../translate.ts';

/** What few hosts have. */
const HostBanners = late(() => import('./host-banners.tsx').then((part) => part.HostBanners));

/** What banners.tsx shows, when there is anything. */
export function ShownBanners() {
  const refused = connection.refused.value;
  return (
    <>
      {reloadWanted.value && (
        <p class="banner banner-live">
          <RefreshCw size={18} aria-hidden="true" />
          <span>{t('Toru was updated.')}</span>
          <Button small onClick={() => void reloadFromServer()}>
            {t('Reload')}
          </Button>
        </p>
      )}
      {!refused && <PresenceBanner />}
      {(refused || host.value?.home === false || host.value?.duplicate != null) && <HostBanners refused={refused} />}
    </>
  );
}

function PresenceBanner() {
  const presence = hostPresence.value;
  switch (presence.kind) {
    case 'network_away':
      return (
        <p class="banner">
          <WifiOff size={18} aria-hidden="true" />
          <span>{t('This device is offline. What you see may be old; it goes on by itself when the network is back.')}</span>
        </p>
      );
    case 'server_away':
      // Two seconds of silence: a reconnect that works at once is nobody's business.
      if (hostNow() - presence.since < 2000 && minuteHand.value - presence.since < 2000) return <Later />;
      return (
        <p class="banner">
          <CloudOff size={18} aria-hidden="true" />
          <span>{t('No connection to the server since {since}. Trying again…', { since: shortTime(presence.since, hostNow()) })}</span>
        </p>
      );
    case 'host_away':
      return (
        <p class="banner">
          <PlugZap size={18} aria-hidden="true" />
          <span>
            {presence.since === null
              ? t('The host is offline.')
              : t('Host offline since {since}.', { since: shortTime(presence.since, hostNow()) })}{' '}
            {t('What you press can wait for it; the last known runs are under Runs.')}
          </span>
        </p>
      );
    case 'no_host':
      return (
        <p class="banner">
          <PlugZap size={18} aria-hidden="true" />
          <span>{t('No host is connected to this installation yet. Start the agent on the machine that has your scripts.')}</span>
        </p>
      );
    default:
      return null;
  }
}

/** Draws the banner again when the silence is over. */
function Later() {
  setTimeout(() => {
    minuteHand.value = hostNow();
  }, 2100);
  return null;
}
