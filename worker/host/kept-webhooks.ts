import { networkOf } from '../../shared/network-of.ts';
import {
  KEPT_MS,
  type KeptOfHook,
  type LinkWebhook,
  linkWebhook,
  MAX_KEPT_BYTES,
  MAX_KEPT_PER_ADDRESS,
  MAX_KEPT_PER_HOOK,
  MAX_KEPT_TOTAL,
} from '../../shared/webhooks.ts';

export const KEPT_WEBHOOK_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE kept_webhooks (
    -- The order in which they came.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Of the address that it came from.
    network TEXT NOT NULL,
    -- The request as the host gets it, in JSON.
    request TEXT NOT NULL,
    arrived_at INTEGER NOT NULL,
    -- How often the host failed over it.
    failures INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX kept_webhooks_by_name ON kept_webhooks (name, seq);
  `,
];

type Row = { seq: number; name: string; request: string; arrived_at: number; failures: number };

interface KeptWebhook {
  seq: number;
  name: string;
  failures: number;
  /** Null for what an older version of this edge wrote otherwise. */
  request: LinkWebhook | null;
}

/** What is kept for delivery: a request with the id that the edge gave it, and the time at which it came. */
export type Deliverable = LinkWebhook & { kept: NonNullable<LinkWebhook['kept']> };

const NAMES = 'kept_hooks';

/**
 * Requests to hooks that wait for their host, in its object's storage, and the names of the hooks that say so. A request goes when the host
 * has answered it, or after a day. No secret is known here: whoever knows a hook's name can have something kept, so each address has its
 * share of a hook, each hook its share of the host, and all of them a limit.
 */
export class KeptWebhooks {
  readonly #sql: SqlStorage;
  readonly #kv: Pick<SyncKvStorage, 'get' | 'put'>;

  readonly #changed: () => void;

  /** @param changed hears that others wait now. */
  constructor(sql: SqlStorage, kv: Pick<SyncKvStorage, 'get' | 'put'>, changed: () => void) {
    this.#changed = changed;
    this.#sql = sql;
    this.#kv = kv;
  }

  /** The hooks that say `keep`, as the host said last. */
  get names(): readonly string[] {
    return this.#kv.get<string[]>(NAMES) ?? [];
  }

  say(names: readonly string[]): void {
    this.#kv.put(NAMES, [...names]);
  }

  /** Does something of this hook wait? */
  waits(name: string): boolean {
    return this.#count('name = ?', name) > 0;
  }

  get size(): number {
    return this.#count('1');
  }

  /** @returns when it goes, in ms since 1970; or why it is not kept, in a sentence. */
  add(request: Deliverable): number | string {
    const { name, kept, address, body, query, headers } = request;
    const bytes = (body.length / 4) * 3 + query.length + headers.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    if (bytes > MAX_KEPT_BYTES)
      return `The host is away, and this request is too large to be kept for it: ${MAX_KEPT_BYTES / 1024} KiB at most.`;
    this.expire(kept.arrived_at);
    const network = networkOf(address);
    if (this.#count('name = ? AND network = ?', name, network) >= MAX_KEPT_PER_ADDRESS)
      return `The host is away, and ${MAX_KEPT_PER_ADDRESS} requests of your address to this hook wait for it already.`;
    if (this.#count('name = ?', name) >= MAX_KEPT_PER_HOOK || this.size >= MAX_KEPT_TOTAL)
      return 'The host is away, and as many requests as are kept wait for it already.';
    this.#sql.exec(
      'INSERT INTO kept_webhooks (id, name, network, request, arrived_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
      kept.id,
      name,
      network,
      JSON.stringify(request),
      kept.arrived_at,
    );
    this.#changed();
    return kept.arrived_at + KEPT_MS;
  }

  /** The oldest that none of these hooks has. */
  next(without: ReadonlySet<string>): KeptWebhook | null {
    const marks = [...without].map(() => '?').join(', ');
    const [row] = this.#sql
      .exec<Row>(`SELECT * FROM kept_webhooks WHERE name NOT IN (${marks}) ORDER BY seq LIMIT 1`, ...without)
      .toArray();
    if (row === undefined) return null;
    const { seq, name, failures, request } = row;
    return { seq, name, failures, request: linkWebhook.safeParse(JSON.parse(request)).data ?? null };
  }

  failed(seq: number): void {
    this.#sql.exec('UPDATE kept_webhooks SET failures = failures + 1 WHERE seq = ?', seq);
  }

  remove(seq: number): void {
    this.#sql.exec('DELETE FROM kept_webhooks WHERE seq = ?', seq);
    this.#changed();
  }

  /** Nobody comes back for them. */
  clear(): void {
    this.say([]);
    this.#sql.exec('DELETE FROM kept_webhooks');
  }

  /** Forgets what has waited for too long. @returns when the next one has, in ms since 1970. */
  expire(now: number): number | null {
    this.#sql.exec('DELETE FROM kept_webhooks WHERE arrived_at <= ?', now - KEPT_MS);
    const { oldest } = this.#sql.exec<{ oldest: number | null }>('SELECT min(arrived_at) AS oldest FROM kept_webhooks').one();
    return oldest === null ? null : oldest + KEPT_MS;
  }

  summary(): KeptOfHook[] {
    return this.#sql
      .exec<{ name: string; count: number; oldest: number }>(
        'SELECT name, count(*) AS count, min(arrived_at) AS oldest FROM kept_webhooks GROUP BY name ORDER BY name',
      )
      .toArray()
      .map(({ name, count, oldest }) => ({ name, count, oldest_at: new Date(oldest).toISOString() }));
  }

  #count(where: string, ...values: string[]): number {
    return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM kept_webhooks WHERE ${where}`, ...values).one().n;
  }
}
