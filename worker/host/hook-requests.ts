import { networkOf } from '../../shared/network-of.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { KeptAnswer, LinkWebhook, WebhookAnswer } from '../../shared/webhooks.ts';
import type { Refusal, Result } from '../result.ts';
import { refusal } from '../result.ts';
import { CodePaces } from './code-paces.ts';
import type { Deliverable, KeptWebhooks } from './kept-webhooks.ts';

/** Requests to hooks of all names and addresses, before the host hears of them. */
const HOOKS_AT_ONCE = 200;
const HOOKS_A_SECOND = 20;
/** Of one address to hooks of all names, whether there are such hooks or not: the rest is for other senders. */
const ADDRESS_AT_ONCE = 60;
const ADDRESS_A_SECOND = 6;
/** After which a sender may try again whose host is away, in seconds. */
const AWAY_RETRY_S = 60;
/** A host that was too busy for what waited for it is asked again. */
const RETRY_MS = 10_000;
/** A request over which a host fails so often goes, or those behind it would never come. */
const MOST_FAILURES = 20;

/** The answer was not the host's: whether it has the request is not known. */
const AWAY: ReadonlySet<string> = new Set(['host_offline', 'host_timeout']);
/** What may pass by itself: the request goes on waiting, and those to its hook behind it. */
const LATER: ReadonlySet<string> = new Set([...AWAY, 'busy', 'disk_full', 'too_many_requests', 'internal']);

interface Options {
  kept: Pick<KeptWebhooks, 'names' | 'waits' | 'size' | 'add' | 'next' | 'failed' | 'remove' | 'expire'>;
  /** Asks the host. */
  ask: (request: LinkWebhook) => Promise<Result<WebhookAnswer>>;
  online: () => boolean;
  /** ISO 8601; null before the first link. */
  lastSeen: () => string | null;
  /** `look` has to be called then, in ms since 1970. */
  wake: (at: number) => void;
  later: (work: Promise<unknown>) => void;
}

/**
 * Requests of other services to this host's hooks: paced, passed on, and kept where their hook says so while the host is away. What waits is
 * delivered in the order in which it came, and goes only when the host has answered: its id makes a second try harmless.
 */
export class HookRequests {
  readonly #o: Options;
  /** By name and address, by address, and all together: a stranger has many names, and many addresses. */
  readonly #paces = new CodePaces();
  readonly #addresses = new CodePaces(ADDRESS_AT_ONCE, ADDRESS_A_SECOND);
  readonly #all = new TokenBucket(HOOKS_AT_ONCE, HOOKS_A_SECOND, Date.now());
  #delivering = false;

  constructor(options: Options) {
    this.#o = options;
  }

  async take(asked: LinkWebhook): Promise<Result<WebhookAnswer | KeptAnswer>> {
    const { kept, ask, online } = this.#o;
    const now = Date.now();
    const tooOften = this.#pace(asked, now);
    if (tooOften !== null) return tooOften;
    if (asked.method !== 'POST' || !kept.names.includes(asked.name)) return online() ? withRetry(await ask(asked)) : this.#away();
    // With its id from the first try on: a link that broke in the middle does not tell whether the host has it.
    const request = { ...asked, kept: { id: crypto.randomUUID(), arrived_at: now } };
    if (kept.waits(asked.name)) return this.#keep(request);
    const answer = online() ? await ask(request) : this.#away();
    return answer.ok || !AWAY.has(answer.code) ? answer : this.#keep(request);
  }

  /** Delivers what waits, if the host is there: of each hook one after the other. */
  async deliver(): Promise<void> {
    const { kept, ask, online, wake } = this.#o;
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      kept.expire(Date.now());
      const stuck = new Set<string>();
      for (let next = kept.next(stuck); next !== null && online(); next = kept.next(stuck)) {
        const answer = next.request === null ? null : await ask(next.request);
        if (answer !== null && !answer.ok && LATER.has(answer.code) && next.failures < MOST_FAILURES) {
          stuck.add(next.name);
          if (answer.code === 'internal') kept.failed(next.seq);
          continue;
        }
        if (answer !== null && !answer.ok && LATER.has(answer.code))
          console.error('A kept request was given up.', next.name, answer.message);
        kept.remove(next.seq);
      }
    } finally {
      this.#delivering = false;
      if (kept.size > 0 && online()) wake(Date.now() + RETRY_MS);
    }
  }

  /** For the alarm. @returns when to come again. */
  look(now: number): number | null {
    const next = this.#o.kept.expire(now);
    if (next !== null && this.#o.online()) this.#o.later(this.deliver());
    return next;
  }

  #pace({ name, address }: LinkWebhook, now: number): Refusal | null {
    const network = networkOf(address);
    const all = (): number => (this.#all.take(now) ? 0 : Math.ceil(this.#all.wait(now) / 1000));
    // One after the other: what is refused by one takes nothing of the next, which others share.
    const retry_after = this.#paces.try(name, network, now) || this.#addresses.try('', network, now) || all();
    if (retry_after === 0) return null;
    return refusal('too_many_requests', `This hook is asked too often. Try it again in ${retry_after} s.`, { retry_after });
  }

  #keep(request: Deliverable): Result<KeptAnswer> {
    const { kept, online, wake, later } = this.#o;
    const expires = kept.add(request);
    if (typeof expires === 'string') return this.#away(expires);
    wake(expires);
    // It waits behind others whose host is there.
    if (online()) later(this.deliver());
    return { ok: true, value: { kept: true, expires_at: new Date(expires).toISOString() } };
  }

  #away(message = 'The host is not connected. It may be off, asleep, or without network.'): Refusal {
    return refusal('host_offline', message, { last_seen: this.#o.lastSeen(), retry_after: AWAY_RETRY_S });
  }
}

/** Senders try again: those of GitHub by hand, most others by themselves, after the time that they are told. */
function withRetry(answer: Result<WebhookAnswer>): Result<WebhookAnswer> {
  if (answer.ok || answer.code !== 'host_offline') return answer;
  return { ...answer, extra: { ...answer.extra, retry_after: AWAY_RETRY_S } };
}
