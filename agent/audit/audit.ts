import type { Statement } from 'better-sqlite3';
import type { AuditQuery } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { AuditEntry, List } from '../../shared/model.ts';
import { redact } from '../logger-redact.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';

/** Something that was done, or refused. */
export interface AuditRecord {
  /** Dotted: `login`, `run.start`, `user.update`, `session.revoke`, … */
  event: string;
  /** Who did it; null where nobody was known, as at a failed login. */
  caller: Pick<Caller, 'user_id' | 'username' | 'address'> | null;
  /** What it was done to: an id or a name. */
  target?: string | null;
  outcome: 'ok' | 'refused';
  /** Small. Values under secret names are hidden, but do not count on it: leave them out. */
  detail?: Record<string, unknown>;
  /** Where it came from, when that is not the caller's own address. */
  address?: string | null;
}

interface Log {
  error(detail: object, message: string): void;
}

interface Row {
  id: number;
  created_at: number;
  event: string;
  user_id: string | null;
  username: string | null;
  address: string | null;
  target: string | null;
  outcome: 'ok' | 'refused';
  detail: string;
}

const KEEP_MS = 366 * 24 * 3_600_000;
const KEEP_ROWS = 1_000_000;
/** Old entries go a few at a time, as new ones come: no pause is ever felt, and no timer is needed. */
const PRUNE_EVERY = 100;
const PRUNE_BATCH = 500;
const MAX_DETAIL_CHARS = 4000;

/** Who did what on this host: kept a year, at most a million entries. */
export class Audit {
  readonly #db: Database;
  readonly #insert: Statement<unknown[]>;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #keepRows: number;
  #sincePrune = 0;

  constructor(db: Database, log: Log, options: { now?: () => number; keepRows?: number } = {}) {
    this.#db = db;
    this.#insert = db.prepare(
      'INSERT INTO audit (created_at, event, user_id, username, address, target, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#log = log;
    this.#now = options.now ?? Date.now;
    this.#keepRows = options.keepRows ?? KEEP_ROWS;
  }

  /** Never throws: on a full disk a cancel must still cancel. What can't be kept goes to the log instead. */
  record({ event, caller, target = null, outcome, detail = {}, address = caller?.address ?? null }: AuditRecord): void {
    const kept = redact(detail);
    try {
      this.#insert.run(this.#now(), event, caller?.user_id ?? null, caller?.username ?? null, address, target, outcome, textOf(kept));
      this.#sincePrune += 1;
      if (this.#sincePrune >= PRUNE_EVERY) this.prune();
    } catch (error) {
      this.#log.error(
        { err: error, event, user: caller?.username ?? null, target, outcome, detail: kept },
        'the audit could not be written',
      );
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

  /** Takes away one batch of what is too old or too much. @returns how many entries went. */
  prune(): number {
    this.#sincePrune = 0;
    return this.#db
      .prepare(
        `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ${PRUNE_BATCH})
         AND (created_at < ? OR id <= (SELECT max(id) FROM audit) - ?)`,
      )
      .run(this.#now() - KEEP_MS, this.#keepRows).changes;
  }
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
  const { created_at, username, detail, ...same } = row;
  return { ...same, time: new Date(created_at).toISOString(), user: username, detail: JSON.parse(detail) };
}
