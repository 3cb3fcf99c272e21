import { unreachable } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import { agentControl, CONTROL, cutBinary, cutText } from '../../shared/link-protocol.ts';
import type { MemberPresence } from '../../shared/members.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Result } from '../result.ts';
import type { Link } from './agent-link.ts';
import type { Browsers } from './browsers.ts';
import type { Tunnel } from './edge-tunnel.ts';
import type { HostAlerts } from './host-alerts.ts';
import type { KeptWebhooks } from './kept-webhooks.ts';
import type { LinkKeeper } from './link-keeper.ts';
import type { Presence, PresenceRecord } from './presence-record.ts';
import type { RecentRuns } from './recent-runs.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** What a host says of itself is rows at this edge: so many at once, then one in so many seconds. It says all of it again at its next link. */
const OWN_FACTS = [30, 10] as const;

/** A message by which the home host decides. */
export type HomeMessage = Extract<AgentControl, { type: 'members' | 'pairing' }>;

export type HandoverMessage = Extract<AgentControl, { type: 'handover' }>;

interface Options {
  links: LinkKeeper;
  browsers: Browsers;
  tunnel: Tunnel;
  sessions: SessionKeeper;
  presence: PresenceRecord;
  recent: RecentRuns;
  alerts: HostAlerts;
  kept: KeptWebhooks;
  /** The host is called otherwise: what it is known as beyond this object. */
  renamed(host: Presence): void;
  /** @param writeAt when `recent` has to be written, in ms since 1970; null: it was. */
  runChanged(writeAt: number | null): void;
  /** What the home host says of its installation; of any other host it is worth nothing. */
  fromHome(host: string, message: HomeMessage): Promise<void>;
  /** The home host hands over to one of its members: asks that one. */
  handover(host: string, message: HandoverMessage): Promise<Result<unknown>>;
  /** Which members are there; null for another host than the home host, which is told nothing. */
  presences(host: string): Promise<MemberPresence[] | null>;
  /** Work that goes on after this message. */
  later(work: Promise<unknown>): void;
}

/** What the agent says: each message goes to whom its topic names, in the same tick and without being read. */
export class AgentMessages {
  readonly #options: Options;
  readonly #ownFacts = new TokenBucket(OWN_FACTS[0], 1 / OWN_FACTS[1], Date.now());

  constructor(options: Options) {
    this.#options = options;
  }

  receive(socket: WebSocket, message: string | ArrayBuffer): void {
    const { links, browsers, tunnel } = this.#options;
    const link = links.current;
    // What a replaced link still says has been overtaken.
    if (link === null || !link.is(socket)) return;
    link.hear(Date.now());
    const cut = typeof message === 'string' ? cutText(message) : cutBinary(new Uint8Array(message));
    if (cut === null) return console.warn('The agent sent a message without a topic.');
    const { topic, payload } = cut;
    if (topic.startsWith('t/')) return browsers.publish(topic.slice(2), payload);
    if (topic.startsWith('c/')) return browsers.send(topic.slice(2), payload);
    if (typeof payload === 'string') {
      if (topic === CONTROL) this.#control(link, payload);
    } else if (topic.startsWith('h/')) tunnel.receive(topic.slice(2), payload);
  }

  async #handover(link: Link, message: HandoverMessage): Promise<void> {
    const { presence, handover } = this.#options;
    const answer = await handover(presence.known?.host ?? '', message);
    const { ok } = answer;
    link.control({ type: 'handover', id: message.id, answer: ok ? answer : { ok, code: answer.code, message: answer.message } });
  }

  async #presences(link: Link, id: string): Promise<void> {
    const members = await this.#options.presences(this.#options.presence.known?.host ?? '');
    if (members !== null) link.control({ type: 'presence', id, members });
  }

  #control(link: Link, payload: string): void {
    const { links, browsers, sessions, presence, recent, alerts, kept, renamed, runChanged, fromHome, later } = this.#options;
    const message = parseControl(payload);
    // A newer agent may say more than we know: what we don't understand changes nothing here.
    if (message === null) return console.warn('The agent sent a control message that this version does not know.');
    switch (message.type) {
      case 'join':
        return browsers.join(message.conn, message.topic);
      case 'leave':
        return browsers.leave(message.conn, message.topic);
      case 'clear':
        return browsers.clear(message.topic);
      case 'close':
        if (browsers.close(message.conn, message.code, message.reason)) link.control({ type: 'closed', conn: message.conn });
        return;
      case 'credit':
        return link.credit(message.conns);
      case 'arrived':
        return link.arrived();
      case 'revoke':
        sessions.closeSockets(message.sids);
        alerts.sessionsEnded(message.sids);
        return later(sessions.revoke(link, presence.known?.host ?? '', message.id, message.sids));
      case 'run':
        return runChanged(recent.note(message.run, Date.now()));
      case 'name': {
        if (message.name === presence.known?.name || !this.#mayWrite(message.type)) return;
        const host = presence.renamed(message.name);
        if (host !== null) renamed(host);
        return;
      }
      case 'alerts':
        if (alerts.says(message.alerts) || this.#mayWrite(message.type)) alerts.keep(message.alerts, Date.now());
        return;
      case 'kept_hooks':
        if (JSON.stringify(message.names) !== JSON.stringify(kept.names) && this.#mayWrite(message.type)) kept.say(message.names);
        return;
      case 'members':
      case 'pairing':
        return later(fromHome(presence.known?.host ?? '', message));
      case 'handover':
        return later(this.#handover(link, message));
      case 'presence':
        return later(this.#presences(link, message.id));
      case 'bye':
        return links.down(link, 1000, 'bye');
      default:
        return unreachable(message);
    }
  }

  #mayWrite(what: string): boolean {
    const may = this.#ownFacts.take(Date.now());
    if (!may) console.warn(`The agent says “${what}” too often: this one is left out until its next link.`);
    return may;
  }
}

function parseControl(payload: string): AgentControl | null {
  return agentControl.safeParse(parseJsonOrNull(payload)).data ?? null;
}
