import { randomHex } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import { Link } from './agent-link.ts';
import type { LinkState, UnprovenState } from './attachment.ts';
import { readAttachment, writeAttachment } from './attachment.ts';
import type { Browsers } from './browsers.ts';
import type { Tunnel } from './edge-tunnel.ts';
import type { Proven } from './link-handshake.ts';
import type { PresenceRecord } from './presence-record.ts';
import { closeQuietly, isOpen } from './quietly.ts';

/** The one live link of a host, and what goes with it when it goes. */
export class LinkKeeper {
  readonly #ctx: DurableObjectState;
  readonly #presence: PresenceRecord;
  readonly #browsers: Browsers;
  readonly #tunnel: Tunnel;
  readonly #down: () => void;
  #link: Link | null = null;

  /** @param sockets agents' sockets that outlived the last object. */
  constructor(
    ctx: DurableObjectState,
    sockets: readonly WebSocket[],
    parts: { presence: PresenceRecord; browsers: Browsers; tunnel: Tunnel; gone: () => void },
  ) {
    this.#ctx = ctx;
    this.#presence = parts.presence;
    this.#browsers = parts.browsers;
    this.#tunnel = parts.tunnel;
    this.#down = parts.gone;
    for (const socket of sockets) {
      const state = readAttachment(socket);
      if (state?.kind !== 'link' || !isOpen(socket)) continue;
      this.#link = new Link(ctx, socket, state);
      this.#tunnel.linked(state.windows === true);
    }
  }

  /** The link as it was last known: good for writing to, which a dead one takes as well. */
  get current(): Link | null {
    return this.#link;
  }

  /** Null when there is none, or when it has been silent for too long. */
  live(): Link | null {
    const link = this.#link;
    if (link === null || !link.dead(Date.now())) return link;
    this.down(link, LINK_CLOSE.too_slow, 'nothing was heard for too long');
    return null;
  }

  /** A socket proved itself. The one before it is overtaken. */
  up(socket: WebSocket, { conn, host }: UnprovenState, proven: Proven, now: number): Link {
    const { name, version, protocol, windows, credit, marks, process } = proven;
    const old = this.#link;
    if (old !== null) {
      this.#gone();
      closeQuietly(old.socket, LINK_CLOSE.replaced, 'a newer link of this host');
    }
    const state: LinkState = { kind: 'link', conn, host, since: now, windows, credit, marks, process };
    writeAttachment(socket, state);
    this.#tunnel.linked(windows === true);
    const link = new Link(this.#ctx, socket, state);
    this.#link = link;
    this.#presence.linked({ host, name, version, last_seen: now });
    link.control({ type: 'welcome', epoch: randomHex(16), protocol, clears: true, credit_by_user: true });
    return link;
  }

  /** Everybody hears that the host went; then its socket is closed. */
  down(link: Link, code: number, reason: string): void {
    this.#presence.seen(link.lastSign);
    this.#gone();
    this.#browsers.toAll({ type: 'host', online: false, last_seen: this.lastSeen() });
    closeQuietly(link.socket, code, reason);
    this.#down();
  }

  /** ISO 8601; null before the first link. */
  lastSeen(): string | null {
    const at = this.lastSign;
    return at === null ? null : new Date(at).toISOString();
  }

  /** When its agent last gave a sign of life, in ms since 1970; null before the first link. */
  get lastSign(): number | null {
    return this.#link?.lastSign ?? this.#presence.known?.last_seen ?? null;
  }

  offline(): ToruError {
    return new ToruError('host_offline', 'The host is not connected. It may be off, asleep, or without network.', {
      extra: { last_seen: this.lastSeen() },
    });
  }

  /** What an agent joined, and what was asked of it, ends with its link. */
  #gone(): void {
    this.#link?.close();
    this.#link = null;
    this.#browsers.leaveAll();
    this.#tunnel.fail(this.offline());
  }
}
