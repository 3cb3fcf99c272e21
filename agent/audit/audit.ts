import type { List } from '../../shared/api.ts';
import type { AuditEntry, AuditQuery } from '../../shared/audit.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Log } from '../logger.ts';
import { redact } from '../logger-redact.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import type { AuditClass, ChainedRow, ChainReport } from './chain.ts';
import { AUDIT_CLASSES, Chain } from './chain.ts';
import type { Repeatable } from './repeats.ts';
import { Repeats } from './repeats.ts';

/** Something that was done, or refused. */
export interface AuditRecord {
  /** Dotted: `login`, `run.start`, `user.update`, `session.revoke`, … */
  event: string;
  /** The user who did it; null where nobody was known, as at a failed login. */
  caller: Pick<Caller, 'user_id' | 'username' | 'address'> | null;
  /** The thing that it was done to: an id or a name. */
  target?: string | null;
  outcome: 'ok' | 'refused';
  /** Small. Values under secret names are hidden, but do not count on it: leave them out. */
  detail?: Record<string, unknown>;
  /** Where it came from, when that is not the caller's own address. */
  address?: string | null;
}

/** An entry on its way to the table. */
interface Pending extends Repeatable, AuditRecord {
  at: number;
}

interface Row extends ChainedRow {
  id: number;
  hash: Buffer | null;
}

const DAY_MS = 24 * 3_600_000;
/** How long entries of a class stay, and how many. */
const KEEP: Readonly<Record<AuditClass, { ms: number; rows: number }>> = {
  security: { ms: 2 * 366 * DAY_MS, rows: 1_000_000 },
  activity: { ms: 366 * DAY_MS, rows: 1_000_000 },
};
/** Old entries go a few at a time, as new ones come: no pause is ever felt, and no timer is needed. */
const PRUNE_EVERY = 100;
const PRUNE_BATCH = 500;
const MAX_DETAIL_CHARS = 4000;

/**
 * The record of who did what on this host. Changes of users, rights, settings, actions, plugins or keys are kept apart from daily acts,
 * and longer; nobody can fill it (repeats.ts), and each entry is chained to the one before (chain.ts).
 */
export class Audit {
  readonly #db: Database;
  readonly #chain: Chain;
  readonly #repeats: Repeats<Pending>;
  readonly #log: Pick<Log, 'error'>;
  readonly #now: () => number;
  readonly #keepRows: number | null;
  #sincePrune = 0;

  /** @param options.keepRows of each class, instead of as many as a host keeps. */
  constructor(db: Database, log: Pick<Log, 'error'>, options: { now?: () => number; keepRows?: number } = {}) {
    this.#db = db;
    this.#chain = new Chain(db);
    this.#log = log;
    this.#now = options.now ?? Date.now;
    this.#keepRows = options.keepRows ?? null;
    this.#repeats = new Repeats((first, repeated) =>
      this.#write({ ...first, at: this.#now(), detail: { ...first.detail, repeated, since: new Date(first.at).toISOString() } }),
    );
  }

  /** Never throws: on a full disk a cancel must still cancel. What can't be kept goes to the log instead. */
  record(entry: AuditRecord): void {
    const { event, caller, target = null, outcome, detail = {}, address = caller?.address ?? null } = entry;
    const by = caller?.user_id ?? address ?? '';
    const code = detail['code'] ?? detail['reason'] ?? '';
    const pending: Pending = {
      ...entry,
      address,
      detail: redact(detail),
      by,
      stranger: caller === null,
      same: JSON.stringify([target, address, code]),
      at: this.#now(),
    };
    if (!isCounted(event, outcome) || this.#repeats.admit(pending, pending.at)) this.#write(pending);
  }

  /** At the end of the agent: what was counted is told. */
  close(): void {
    this.#repeats.close();
  }

  #write({ event, caller, target = null, outcome, detail = {}, address = null, at }: Pending): void {
    try {
      this.#chain.append({
        class: classOf(event, outcome),
        created_at: at,
        event,
        user_id: caller?.user_id ?? null,
        username: caller?.username ?? null,
        address,
        target,
        outcome,
        detail: textOf(detail),
      });
      this.#sincePrune += 1;
      if (this.#sincePrune >= PRUNE_EVERY) this.prune();
    } catch (error) {
      this.#log.error({ err: error, event, user: caller?.username ?? null, target, outcome, detail }, 'the audit could not be written');
    }
  }

  /** Is every entry as it was written, and none missing? */
  async verify(): Promise<ChainReport[]> {
    const reports: ChainReport[] = [];
    for (const kind of AUDIT_CLASSES) reports.push(await this.#chain.verify(kind));
    return reports;
  }

  /** Every entry, oldest first, with its class and hash: a line of JSON each. */
  async *export(): AsyncGenerator<string> {
    const rows = this.#db.prepare<[number], Row>(`SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ${PRUNE_BATCH}`);
    for (let last = 0; ; await new Promise((next) => setImmediate(next))) {
      const batch = rows.all(last);
      yield batch
        .map((row) => `${JSON.stringify({ ...entryOf(row), class: row.class, hash: row.hash?.toString('hex') ?? null })}\n`)
        .join('');
      last = batch.at(-1)?.id ?? last;
      if (batch.length < PRUNE_BATCH) return;
    }
  }

  /** Newest first. @throws ToruError bad_cursor. */
  list(query: Partial<AuditQuery> = {}): List<AuditEntry> {
    const where: string[] = [];
    const values: Record<string, string | number> = {};
    const only = (condition: string, name: string, value: string | number | undefined): void => {
      if (value === undefined) return;
      where.push(condition);
      values[name] = value;
    };
    only('id < $before', 'before', query.cursor === undefined ? undefined : idOf(query.cursor));
    // A range, not LIKE: an index serves it, and `_` and `%` mean themselves. '/' is the character after '.'.
    only("(event = $event OR (event >= $event || '.' AND event < $event || '/'))", 'event', query.event);
    only('username = $user COLLATE NOCASE', 'user', query.user);
    only('outcome = $outcome', 'outcome', query.outcome);
    only('created_at >= $since', 'since', query.since === undefined ? undefined : Date.parse(query.since));
    const limit = query.limit ?? 50;
    const rows = this.#db
      .prepare<[Record<string, string | number>], Row>(
        `SELECT * FROM audit ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY id DESC LIMIT $limit`,
      )
      .all({ ...values, limit: limit + 1 });
    const items = rows.slice(0, limit).map(entryOf);
    return { items, next_cursor: rows.length > limit ? String(items.at(-1)?.id) : null };
  }

  /** Takes away one batch of what is too old or too much, of each class. @returns how many entries went. */
  prune(): number {
    this.#sincePrune = 0;
    let gone = 0;
    for (const kind of AUDIT_CLASSES) {
      const { ms, rows } = KEEP[kind];
      const over = this.#db
        .prepare<Record<string, string | number>, number | null>(
          `SELECT max(id) FROM (SELECT id, created_at FROM audit WHERE class = $kind ORDER BY id LIMIT ${PRUNE_BATCH})
           WHERE created_at < $before OR id <= (SELECT id FROM audit WHERE class = $kind ORDER BY id DESC LIMIT 1 OFFSET $rows)`,
        )
        .pluck()
        .get({ kind, before: this.#now() - ms, rows: this.#keepRows ?? rows });
      if (over != null) gone += this.#chain.cut(kind, over);
    }
    return gone;
  }
}

/** Runs and what was refused go on all day; everything else changed who may do what, or says who was here. */
function classOf(event: string, outcome: AuditRecord['outcome']): AuditClass {
  return /^(?:run|job)\./.test(event) || (outcome === 'refused' && !event.startsWith('link.')) ? 'activity' : 'security';
}

/** May anybody cause as many of these as they like? What only an admin does is never counted together. */
function isCounted(event: string, outcome: AuditRecord['outcome']): boolean {
  return outcome === 'refused' || /^(?:run\.|job\.|log(?:in|out)$)/.test(event);
}

function textOf(detail: Record<string, unknown>): string {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_CHARS ? text : JSON.stringify({ cut: text.slice(0, MAX_DETAIL_CHARS - 100) });
}

function idOf(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new ToruError('bad_cursor', 'That is not a cursor of this list. Begin without one.');
  return Number(cursor);
}

function entryOf(row: Row): AuditEntry {
  const { created_at, username, detail, class: _class, hash: _hash, ...same } = row;
  return { ...same, time: new Date(created_at).toISOString(), user: username, detail: JSON.parse(detail) };
}
