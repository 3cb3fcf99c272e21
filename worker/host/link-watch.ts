import { LINK_DEAD_MS } from '../../shared/limits.ts';
import type { Browsers } from './browsers.ts';
import type { Tunnel } from './edge-tunnel.ts';
import type { LinkKeeper } from './link-keeper.ts';
import type { PresenceRecord } from './presence-record.ts';
import { PRESENCE_EVERY_MS } from './presence-record.ts';

/** When the link is looked at. An idle host's object sleeps, and judges the link when it is next asked. */
export class LinkWatch {
  readonly #links: LinkKeeper;
  readonly #presence: PresenceRecord;
  readonly #busy: () => boolean;

  constructor({ links, presence, browsers, tunnel }: { links: LinkKeeper; presence: PresenceRecord; browsers: Browsers; tunnel: Tunnel }) {
    this.#links = links;
    this.#presence = presence;
    this.#busy = () => browsers.size > 0 || tunnel.underWay > 0;
  }

  /** When a link that says nothing more would be dead, in ms since 1970; null without one. */
  get deadline(): number | null {
    const link = this.#links.current;
    return link === null ? null : link.lastSign + LINK_DEAD_MS;
  }

  /** Finds out a dead link. @returns when to look again; null while nobody looks or waits. */
  look(): number | null {
    return this.#links.live() !== null && this.#busy() ? this.deadline : null;
  }

  /** Writes down when the host was last seen. @returns when to do so again. */
  note(now: number): number | null {
    const link = this.#links.live();
    if (link === null) return null;
    this.#presence.seen(link.lastSign);
    return now + PRESENCE_EVERY_MS;
  }
}
