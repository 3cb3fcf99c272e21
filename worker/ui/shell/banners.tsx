import { connection, reloadWanted } from '../connection/page-connection.ts';
import { host, hostPresence } from '../data/presence.ts';
import { late } from '../parts/late.tsx';
import './banners.css';

const ShownBanners = late(() => import('./behind.ts').then((part) => part.ShownBanners));

/** Banners on things that a person must know before they press: the network, the server or the host is away. Announced politely. */
export function Banners() {
  const { kind } = hostPresence.value;
  const away = kind !== 'online' && kind !== 'unknown';
  const some = reloadWanted.value || away || connection.refused.value || host.value?.home === false || host.value?.duplicate != null;
  return (
    <div class="banners" role="status">
      {some && <ShownBanners />}
    </div>
  );
}
