import { LINK_DEAD_MS } from '../../shared/limits.ts';
import type { HostReport } from '../host/host-report.ts';

/** One slow object must not keep the others from the page. */
const ANSWER_MS = 300;
/** A host is believed to be away for so long: that it came back is told at once, and a word may get lost. */
const AWAY_MS = 60_000;
/** So long after an answer the objects are asked that it did not need: at home they all share one process with who answers. */
const LATER_MS = 100;
/** A report that is good for less than this is renewed, while it is used. */
const RENEW_MS = 20_000;

/** Until when a report is believed. A link that says nothing more is dead after LINK_DEAD_MS, and nobody may notice. */
function goodUntil({ online, last_sign, at }: HostReport): number {
  return online ? (last_sign ?? 0) + LINK_DEAD_MS : at + AWAY_MS;
}

function keyOf(host: string): string {
  return `report ${host}`;
}

/** Of a host that never linked: each reports when it does, before it is let in. */
const NEVER_LINKED: HostReport = {
  at: 0,
  online: false,
  last_sign: null,
  name: null,
  version: null,
  recent_runs: [],
  pending_runs: [],
  kept_webhooks: [],
  duplicate: null,
};

/** What of a report is worth a row: not that the host lives on. */
function lasting({ at: _, last_sign, ...report }: HostReport): string {
  return JSON.stringify({ ...report, last_sign: report.online ? null : last_sign });
}

/** The answer; null when it is not there in time, or fails. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  let timer = 0;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([answer.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Options {
  store: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void; delete(key: string): unknown };
  /** Asks the object of that host, which reports from then on what changes. */
  ask: (host: string) => Promise<HostReport>;
  /** Work that goes on after the answer. */
  later: (work: Promise<unknown>) => void;
}

/**
 * What the objects of the hosts reported last. A report is used for no longer than it must be true: past that its object is asked, and a host
 * whose object does not answer is known as nothing.
 */
export class HostReports {
  readonly #options: Options;
  readonly #asked = new Map<string, Promise<HostReport>>();
  /** Hosts whose objects are asked in a moment. */
  readonly #soon = new Set<string>();
  readonly #known = new Map<string, HostReport>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Of these hosts, in this order; null where the object did not answer in time. */
  of(hosts: readonly string[]): Promise<(HostReport | null)[]> {
    const now = Date.now();
    return Promise.all(
      hosts.map((host) => {
        const known = this.#get(host);
        if (known !== undefined && goodUntil(known) <= now) return within(ANSWER_MS, this.#ask(host));
        // What the edge keeps for a host, or refused, is known to its object alone before it ever reported: for the next answer.
        if (known === undefined || goodUntil(known) - now < RENEW_MS) this.#askLater(host);
        return known ?? NEVER_LINKED;
      }),
    );
  }

  /** @param host that belongs to this installation. */
  put(host: string, report: HostReport): void {
    const known = this.#get(host);
    if (known !== undefined && known.at >= report.at) return;
    this.#known.set(host, report);
    if (known === undefined || lasting(known) !== lasting(report)) this.#options.store.put(keyOf(host), report);
  }

  /** It is no host of this installation any more, or another one under that id. */
  forget(host: string): void {
    this.#known.delete(host);
    this.#options.store.delete(keyOf(host));
  }

  /** Asked once for all who want to know. */
  #ask(host: string): Promise<HostReport> {
    const underWay = this.#asked.get(host);
    if (underWay !== undefined) return underWay;
    const answer = this.#options
      .ask(host)
      .then((report) => {
        this.put(host, report);
        return this.#get(host) ?? report;
      })
      .finally(() => this.#asked.delete(host));
    this.#asked.set(host, answer);
    return answer;
  }

  #askLater(host: string): void {
    if (this.#soon.has(host)) return;
    this.#soon.add(host);
    const answer = new Promise((resolve) => setTimeout(resolve, LATER_MS)).then(() => {
      this.#soon.delete(host);
      return this.#ask(host);
    });
    this.#options.later(answer.catch(() => undefined));
  }

  /** Read back when it is first needed, after the object was not in memory. */
  #get(host: string): HostReport | undefined {
    const known = this.#known.get(host) ?? this.#options.store.get<HostReport>(keyOf(host));
    if (known !== undefined) this.#known.set(host, known);
    return known;
  }
}
