import { randomHex } from '../../shared/encoding.ts';
import type { PendingRun } from '../../shared/hosts.ts';
import type { RunRequest } from '../../shared/runs.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { Link } from './agent-link.ts';
import type { BrowserState, SocketSession } from './attachment.ts';
import type { Browsers } from './browsers.ts';
import { tell } from './browsers.ts';
import { answerAlone, refuseFrame, tooMuch } from './client-frames.ts';
import type { LinkKeeper } from './link-keeper.ts';
import { closeQuietly } from './quietly.ts';

/** @throws ToruError when it can't be kept. */
type Keep = (owner: { sid: string; sub: string }, request: RunRequest) => PendingRun;

/** A browser's socket at this object: how it comes in, what it says, and how it leaves. */
export class BrowserTransport {
  readonly #browsers: Browsers;
  readonly #links: LinkKeeper;
  readonly #keep: Keep;

  /** @param keep keeps a run until the host is back. */
  constructor(browsers: Browsers, links: LinkKeeper, keep: Keep) {
    this.#keep = keep;
    this.#browsers = browsers;
    this.#links = links;
  }

  /**
   * @param socket accepted already. @param newerPage the page that opened it is of another build than the one served now.
   * @returns false when it was closed again: its session, or its user, has too many.
   */
  open(socket: WebSocket, session: SocketSession, newerPage: boolean): boolean {
    if (this.#browsers.crowded(session)) {
      tell(socket, { type: 'error', code: 'too_many_requests', data: 'You have too many connections open. Close some pages.' });
      closeQuietly(socket, CLOSE.too_fast, 'too many connections');
      return false;
    }
    const state: BrowserState = { ...session, kind: 'browser', conn: randomHex(16), topics: [] };
    this.#browsers.add(socket, state);
    if (newerPage) tell(socket, { type: 'reload' });
    const link = this.#links.live();
    if (link === null) tell(socket, { type: 'host', online: false, last_seen: this.#links.lastSeen() });
    // Then the agent's hello.
    else announce(link, state);
    return true;
  }

  receive(socket: WebSocket, state: BrowserState, message: string | ArrayBuffer): void {
    if (!this.#browsers.admit(socket, state.sub, message, Date.now())) {
      tell(socket, { type: 'error', code: 'too_many_requests', data: 'Too many messages in a second. Connect again in a moment.' });
      this.closed(socket, state);
      return closeQuietly(socket, CLOSE.too_fast, 'too many messages');
    }
    const refused = refuseFrame(message);
    if (refused !== null) return tell(socket, refused);
    if (typeof message !== 'string') return;
    const link = this.#links.live();
    if (link === null) {
      const answer = answerAlone(message, (request) => this.#keep(state, request));
      return answer === null ? undefined : tell(socket, answer);
    }
    if (!link.relay(state, message)) tell(socket, tooMuch(message));
  }

  closed(socket: WebSocket, { conn }: BrowserState): void {
    if (this.#browsers.remove(socket)) this.#links.current?.control({ type: 'closed', conn });
  }

  /** A link came up: the agent hears of every open socket, and every socket of the agent. */
  hostIsBack(link: Link, now: number): void {
    for (const state of this.#browsers.states()) announce(link, state);
    this.#browsers.toAll({ type: 'host', online: true, last_seen: new Date(now).toISOString() });
  }
}

function announce(link: Link, { conn, sid, grant, address, user_agent, protocol }: BrowserState): void {
  link.control({ type: 'open', conn, sid, grant, address, user_agent, ...(protocol === undefined ? {} : { protocol }) });
}
