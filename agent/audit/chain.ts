import { createHash } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import type { Database } from '../store/database.ts';

/**
 * Entries of one class, each with a hash over itself and the hash before it: a row that is changed, added in between or taken away
 * shows. It does not show a chain that was written again from some row on, by somebody who has the database: whoever must know that
 * keeps a head (`toru audit verify` prints it) elsewhere.
 */

/** The classes that are kept apart: daily acts must not push out who changed something. */
export const AUDIT_CLASSES = ['security', 'activity'] as const;
export type AuditClass = (typeof AUDIT_CLASSES)[number];

/** The columns that a hash covers, as the table holds them. */
export interface ChainedRow {
  class: AuditClass;
  created_at: number;
  event: string;
  user_id: string | null;
  username: string | null;
  address: string | null;
  target: string | null;
  outcome: 'ok' | 'refused';
  detail: string;
}

/** The whole chain of a class, as it was found. */
export interface ChainReport {
  class: AuditClass;
  /** Entries with a hash; those from before the chain have none. */
  entries: number;
  /** The id of the first entry that does not follow from the one before it; null when all do. */
  broken_at: number | null;
  /** Of the newest entry, in hex. */
  head: string;
}

const BEGINNING = Buffer.alloc(32);
const BATCH = 1000;

/** @returns the SHA-256 that goes with a row. */
export function hashOf(before: Uint8Array, row: ChainedRow): Buffer {
  const { class: kind, created_at, event, user_id, username, address, target, outcome, detail } = row;
  const text = JSON.stringify([kind, created_at, event, user_id, username, address, target, outcome, detail]);
  return createHash('sha256').update('toru/audit/v1\0').update(before).update(text).digest();
}

/** The chains of one database. */
export class Chain {
  readonly #db: Database;
  readonly #head: Statement<[string], { start: Buffer; head: Buffer }>;
  readonly #insert: Statement<unknown[]>;
  readonly #move: Statement<[string, Buffer, Buffer]>;
  /** One transaction, or a part of the caller's: what is rolled back leaves the head where it was. */
  readonly append: (row: ChainedRow) => void;

  constructor(db: Database) {
    this.#db = db;
    this.#head = db.prepare('SELECT start, head FROM audit_chain WHERE class = ?');
    this.#insert = db.prepare(
      'INSERT INTO audit (class, created_at, event, user_id, username, address, target, outcome, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#move = db.prepare('INSERT OR REPLACE INTO audit_chain (class, start, head) VALUES (?, ?, ?)');
    this.append = db.transaction((row: ChainedRow) => {
      const { start, head } = this.#ends(row.class);
      const hash = hashOf(head, row);
      this.#insert.run(
        row.class,
        row.created_at,
        row.event,
        row.user_id,
        row.username,
        row.address,
        row.target,
        row.outcome,
        row.detail,
        hash,
      );
      this.#move.run(row.class, start, hash);
    });
  }

  /** Takes the oldest entries of a class away, up to this one. The chain begins with what follows it. @returns how many went. */
  cut(kind: AuditClass, upTo: number): number {
    return this.#db.transaction(() => {
      const last = this.#db
        .prepare<[string, number], Buffer | null>('SELECT hash FROM audit WHERE class = ? AND id <= ? ORDER BY id DESC LIMIT 1')
        .pluck()
        .get(kind, upTo);
      const { changes } = this.#db.prepare('DELETE FROM audit WHERE class = ? AND id <= ?').run(kind, upTo);
      if (changes > 0 && last != null) this.#move.run(kind, last, this.#ends(kind).head);
      return changes;
    })();
  }

  /** Looks at every entry of a class. Between two batches, others have their turn. */
  async verify(kind: AuditClass): Promise<ChainReport> {
    const rows = this.#db.prepare<[string, number], ChainedRow & { id: number; hash: Buffer | null }>(
      `SELECT * FROM audit WHERE class = ? AND id > ? ORDER BY id LIMIT ${BATCH}`,
    );
    let { start: before } = this.#ends(kind);
    const report: ChainReport = { class: kind, entries: 0, broken_at: null, head: '' };
    for (let last = 0; ; await new Promise((next) => setImmediate(next))) {
      const batch = rows.all(kind, last);
      for (const row of batch) {
        last = row.id;
        // From before the chain, or a hash that was taken away.
        if (row.hash === null && report.entries === 0) continue;
        if (row.hash === null || !row.hash.equals(hashOf(before, row))) report.broken_at ??= row.id;
        report.entries += 1;
        before = row.hash ?? before;
      }
      if (batch.length < BATCH) break;
    }
    const { head } = this.#ends(kind);
    // The newest ones are gone.
    if (!head.equals(before)) report.broken_at ??= this.#newest(kind) + 1;
    return { ...report, head: head.toString('hex') };
  }

  #ends(kind: AuditClass): { start: Buffer; head: Buffer } {
    return this.#head.get(kind) ?? { start: BEGINNING, head: BEGINNING };
  }

  #newest(kind: AuditClass): number {
    return this.#db.prepare<[string], number | null>('SELECT max(id) FROM audit WHERE class = ?').pluck().get(kind) ?? 0;
  }
}
