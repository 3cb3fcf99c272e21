import type { HostAlert } from '../../shared/link-protocol.ts';
import type { Post, Posted } from '../../shared/post.ts';
import { isTaken } from '../../shared/post.ts';
import type { SealedPush } from '../../shared/push.ts';
import { isGone, pushPost } from '../../shared/push.ts';
import { isPushService } from '../../shared/push-services.ts';
import { toldAgainAt } from '../../shared/quiet-hours.ts';
import { backoff } from '../../shared/retry.ts';

/** What became of telling one device. */
interface DeviceState {
  /** It was told that the host is away, and not yet that it is back. */
  away: boolean;
  /** Tries in a row that failed. */
  failures: number;
}

interface Kept {
  alerts: HostAlert[];
  states: Record<string, DeviceState>;
}

interface HostAlertsOptions {
  store: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  /** Is the host linked, and when did it give its last sign, in ms since 1970? */
  host: () => { online: boolean; lastSign: number | null };
  /** Those of these sessions that live. To ask is no use of them. */
  liveSids: (sids: string[]) => Promise<string[]>;
  deliver: (request: Post) => Promise<Posted>;
  /** See isPushService. */
  testOrigin: string | null;
  /** A host that is away for so long is away. */
  awayAfterMs: number;
  /** `look` has to be called then. */
  wake: (at: number) => void;
}

const KEY = 'alerts';
/** The link is looked at so often at least, as long as somebody wants to know. */
const LOOK_MS = 60_000;
const PAUSE = { base: 30_000, max: 3_600_000 };
const LEAST_PAUSE_MS = 5000;

/**
 * Tells devices that their host is away, and that it is back: the only messages that the host can't send itself. It sealed them
 * beforehand, for each device; what stands here can be delivered, and neither read nor changed.
 */
export class HostAlerts {
  readonly #o: HostAlertsOptions;

  constructor(options: HostAlertsOptions) {
    this.#o = options;
  }

  /** Is that what is known already? */
  says(alerts: readonly HostAlert[]): boolean {
    return JSON.stringify(this.#kept().alerts) === JSON.stringify(alerts);
  }

  /** What the host says now, instead of all that it said before. */
  keep(alerts: readonly HostAlert[], now: number): void {
    const { alerts: before, states } = this.#kept();
    if (alerts.length === 0 && before.length === 0) return;
    // The host looked as well; this edge sends nothing where it would not have let a browser of its own be registered.
    const mine = alerts.filter(({ endpoint }) => isPushService(endpoint, this.#o.testOrigin));
    const known = new Set(mine.map(({ device }) => device));
    if (!this.says(mine))
      this.#put({ alerts: mine, states: Object.fromEntries(Object.entries(states).filter(([device]) => known.has(device))) });
    if (mine.length > 0) this.#o.wake(now);
  }

  sessionsEnded(sids: readonly string[]): void {
    const { alerts, states } = this.#kept();
    const left = alerts.filter(({ sid }) => !sids.includes(sid));
    if (left.length < alerts.length) this.#put({ alerts: left, states });
  }

  /** Tells who has to be told now. @returns when to look again; null while nobody wants to know. */
  async look(now: number): Promise<number | null> {
    const { online, lastSign } = this.#o.host();
    const { alerts, states } = this.#kept();
    if (alerts.length === 0) return null;
    const due = online ? now : (lastSign ?? now) + this.#o.awayAfterMs;
    if (now < due) return due;
    // While the host is away, its return wakes us.
    const next = online ? [now + Math.min(LOOK_MS, this.#o.awayAfterMs / 2)] : [];
    // Each is told what it does not know yet.
    const news = alerts.filter(({ device, expires_at }) => (states[device]?.away === true) === online && expires_at > now);
    const live = new Set(news.length === 0 ? [] : await this.#o.liveSids(news.map(({ sid }) => sid)));
    await Promise.all(
      news.map(async (alert) => {
        if (!live.has(alert.sid)) return this.sessionsEnded([alert.sid]);
        const quiet = toldAgainAt(alert, now);
        const again = quiet ?? (await this.#tell(alert, online ? alert.back : alert.away, !online, now));
        if (again !== null) next.push(again);
      }),
    );
    return next.length === 0 ? null : Math.min(...next);
  }

  /** @returns when to try again; null when there is nothing to try. */
  async #tell(alert: HostAlert, message: SealedPush, away: boolean, now: number): Promise<number | null> {
    const posted = await this.#o.deliver(pushPost(alert.endpoint, message));
    // Others may have come and gone meanwhile.
    const { alerts, states } = this.#kept();
    if (isTaken(posted)) {
      this.#put({ alerts, states: { ...states, [alert.device]: { away, failures: 0 } } });
      return null;
    }
    if ('status' in posted && isGone(posted.status)) {
      this.#put({ alerts: alerts.filter(({ device }) => device !== alert.device), states });
      return null;
    }
    const failures = (states[alert.device]?.failures ?? 0) + 1;
    this.#put({ alerts, states: { ...states, [alert.device]: { away: !away, failures } } });
    const retryAfterMs = 'status' in posted ? posted.retryAfterMs : null;
    return now + Math.max(LEAST_PAUSE_MS, retryAfterMs ?? backoff(failures, Math.random, PAUSE));
  }

  #kept(): Kept {
    return this.#o.store.get<Kept>(KEY) ?? { alerts: [], states: {} };
  }

  #put(kept: Kept): void {
    this.#o.store.put(KEY, kept);
  }
}
