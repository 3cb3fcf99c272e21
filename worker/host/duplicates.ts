import { LINK_PROBE_MS } from '../../shared/limits.ts';
import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { Link } from './agent-link.ts';
import type { UnprovenState } from './attachment.ts';
import type { Browsers } from './browsers.ts';
import type { Tunnel } from './edge-tunnel.ts';
import type { Proven } from './link-handshake.ts';
import type { LinkKeeper } from './link-keeper.ts';
import { closeQuietly } from './quietly.ts';

/** The last agent that proved itself with this host's key while another one was live. `at` in ms since 1970. */
export interface Duplicate {
  at: number;
  address: string;
  name: string;
}

const KEY = 'duplicate';
/** For how long it is shown. */
const SHOWN_MS = 24 * 3_600_000;
/** Every agent answers a request of the edge, if only by saying that it does not know it. */
const PROBE: RequestHead = { method: 'POST', path: '/link/alive', query: '', headers: [], body: false, caller: null };

interface Options {
  links: LinkKeeper;
  tunnel: Tunnel;
  browsers: Browsers;
  store: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  /** There is another `last`. */
  changed: () => void;
}

/**
 * Two agents with one key: a copied TORU_HOME, a restored snapshot, or a stolen key. Whoever is linked and answers stays; the
 * other one is refused, and everybody who should know is told.
 */
export class Duplicates {
  readonly #options: Options;
  #probing: { link: Link; answer: Promise<boolean> } | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Null when there was none in the last day. */
  get last(): Duplicate | null {
    const known = this.#options.store.get<Duplicate>(KEY);
    return known === undefined || Date.now() - known.at > SHOWN_MS ? null : known;
  }

  /** May this agent, which proved itself, be the host's link? The same process that comes back always may. @returns false when its socket was closed instead. */
  async admit(socket: WebSocket, { address = '' }: UnprovenState, proven: Proven): Promise<boolean> {
    const { links, browsers, store, changed } = this.#options;
    for (;;) {
      const link = links.live();
      if (link === null || (link.process !== undefined && link.process === proven.process)) return true;
      if (await this.#answers(link)) {
        const duplicate: Duplicate = { at: Date.now(), address, name: proven.name };
        store.put(KEY, duplicate);
        changed();
        link.control({ type: 'duplicate', ...duplicate });
        // Admins' pages read again what is known of the host.
        browsers.toAll({ type: 'host', online: true, last_seen: links.lastSeen() });
        closeQuietly(socket, LINK_CLOSE.duplicate_host, 'duplicate_host: another agent with this key is linked');
        return false;
      }
      // Another one may have been let in meanwhile, and is asked in its turn.
      if (links.current === link) return true;
    }
  }

  /** Does it answer in time? Asked once for all who wait. */
  #answers(link: Link): Promise<boolean> {
    if (this.#probing?.link === link) return this.#probing.answer;
    const answer = this.#options.tunnel.ask(PROBE, null, AbortSignal.timeout(LINK_PROBE_MS), null).then(
      async (response) => {
        await response.body?.cancel();
        return true;
      },
      () => false,
    );
    const probing = { link, answer };
    this.#probing = probing;
    void answer.then(() => {
      if (this.#probing === probing) this.#probing = null;
    });
    return answer;
  }
}
