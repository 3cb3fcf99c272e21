import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Insight, InsightsQuery, Orchestrator } from '../../shared/orchestrators.ts';
import { evidence, insightKind, insightState } from '../../shared/orchestrators.ts';
import { decodeCursor, encodeCursor } from '../history/cursor.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { ORCHESTRATORS_TABLES } from './orchestrators-tables.ts';

const flag = z.int().transform((value) => value === 1);
const json = <T extends z.ZodType>(schema: T) => z.string().transform((value) => schema.parse(JSON.parse(value)));

const row = z.object({
  id: z.string(),
  name: z.string(),
  folder: z.string().nullable(),
  enabled: flag,
  interval_s: z.int(),
  stall_s: z.int(),
  long_s: z.int(),
  notify: flag,
  rule: json(z.object({ enabled: z.boolean(), text: z.string() })),
  max_per_hour: z.int(),
  created_at: z.int(),
});
export type OrchestratorRow = z.infer<typeof row>;

const insightRow = z.object({
  id: z.string(),
  orchestrator: z.string(),
  terminal: z.string(),
  terminal_name: z.string(),
  kind: insightKind,
  same: z.string(),
  reason: z.string(),
  evidence: json(evidence),
  suggestion: z.string().nullable(),
  created_at: z.int(),
  state: insightState,
});
export type InsightRow = z.infer<typeof insightRow>;

const HOUR_MS = 3_600_000;
/** Of one orchestrator; the oldest that are not open go. */
const KEPT_INSIGHTS = 1000;
const INSIGHTS = 'SELECT i.*, t.name AS terminal_name FROM orchestrators_insights i JOIN terminals t ON t.id = i.terminal';

/** The rows of orchestrators, of their insights, and of what they typed. */
export class OrchestratorStore {
  readonly #db: Database;

  /** The tables of terminals are there already. */
  constructor(db: Database) {
    ownTables(db, 'orchestrators', ORCHESTRATORS_TABLES);
    this.#db = db;
  }

  list(): OrchestratorRow[] {
    return z.array(row).parse(this.#db.prepare('SELECT * FROM orchestrators ORDER BY created_at, id').all());
  }

  /** @throws ToruError not_found */
  get(id: string): OrchestratorRow {
    const found = this.#db.prepare('SELECT * FROM orchestrators WHERE id = ?').get(id);
    if (found === undefined) throw new ToruError('not_found', 'There is no such orchestrator. It may have been removed.');
    return row.parse(found);
  }

  put(one: OrchestratorRow): void {
    const { enabled, notify, rule } = one;
    this.#db
      .prepare(
        `INSERT INTO orchestrators (id, name, folder, enabled, interval_s, stall_s, long_s, notify, rule, max_per_hour, created_at)
         VALUES (@id, @name, @folder, @enabled, @interval_s, @stall_s, @long_s, @notify, @rule, @max_per_hour, @created_at)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, folder = excluded.folder, enabled = excluded.enabled,
           interval_s = excluded.interval_s, stall_s = excluded.stall_s, long_s = excluded.long_s, notify = excluded.notify,
           rule = excluded.rule, max_per_hour = excluded.max_per_hour`,
      )
      .run({ ...one, enabled: Number(enabled), notify: Number(notify), rule: JSON.stringify(rule) });
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM orchestrators WHERE id = ?').run(id);
    this.#db.prepare('DELETE FROM orchestrators_injections WHERE orchestrator = ?').run(id);
  }

  open(id: string): number {
    const counted = this.#db
      .prepare<[string], number>(`SELECT count(*) FROM orchestrators_insights WHERE orchestrator = ? AND state = 'open'`)
      .pluck()
      .get(id);
    return counted ?? 0;
  }

  /** @returns null when the same one is there already, whatever became of it. */
  addInsight(made: Omit<InsightRow, 'id' | 'state' | 'terminal_name'>): InsightRow | null {
    const id = randomUUID();
    const { changes } = this.#db
      .prepare(
        `INSERT INTO orchestrators_insights (id, orchestrator, terminal, kind, same, reason, evidence, suggestion, created_at, state)
         VALUES (@id, @orchestrator, @terminal, @kind, @same, @reason, @evidence, @suggestion, @created_at, 'open') ON CONFLICT DO NOTHING`,
      )
      .run({ ...made, id, evidence: JSON.stringify(made.evidence) });
    if (changes === 0) return null;
    this.#db
      .prepare(
        `DELETE FROM orchestrators_insights WHERE id IN (SELECT id FROM orchestrators_insights
         WHERE orchestrator = ? AND state <> 'open' ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ${KEPT_INSIGHTS})`,
      )
      .run(made.orchestrator);
    return this.insight(id);
  }

  /** Is this one there, whatever became of it? */
  has({ orchestrator, terminal, kind, same }: Pick<InsightRow, 'orchestrator' | 'terminal' | 'kind' | 'same'>): boolean {
    return (
      this.#db
        .prepare('SELECT 1 FROM orchestrators_insights WHERE orchestrator = ? AND terminal = ? AND kind = ? AND same = ?')
        .get(orchestrator, terminal, kind, same) !== undefined
    );
  }

  insight(id: string): InsightRow | null {
    const found = this.#db.prepare(`${INSIGHTS} WHERE i.id = ?`).get(id);
    return found === undefined ? null : insightRow.parse(found);
  }

  openOf(orchestrator: string): InsightRow[] {
    return z.array(insightRow).parse(this.#db.prepare(`${INSIGHTS} WHERE i.orchestrator = ? AND i.state = 'open'`).all(orchestrator));
  }

  settle(id: string, state: 'acted' | 'dismissed'): InsightRow | null {
    this.#db.prepare('UPDATE orchestrators_insights SET state = ? WHERE id = ?').run(state, id);
    return this.insight(id);
  }

  /** Newest first. @throws ToruError bad_cursor */
  insights(orchestrator: string, { limit, cursor, state }: InsightsQuery): List<InsightRow> {
    const where = ['i.orchestrator = @orchestrator'];
    const values: Record<string, string | number> = { orchestrator, limit: limit + 1 };
    if (state !== undefined) {
      where.push('i.state = @state');
      values['state'] = state;
    }
    if (cursor !== undefined) {
      const { created_at, task_id } = decodeCursor(cursor);
      where.push('(i.created_at, i.id) < (@before, @last)');
      Object.assign(values, { before: created_at, last: task_id });
    }
    const found = z
      .array(insightRow)
      .parse(this.#db.prepare(`${INSIGHTS} WHERE ${where.join(' AND ')} ORDER BY i.created_at DESC, i.id DESC LIMIT @limit`).all(values));
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const more = found.length > limit && last !== undefined;
    return { items, next_cursor: more ? encodeCursor({ created_at: last.created_at, task_id: last.id }) : null };
  }

  /** Notes that a text is typed now. @returns false when there were too many in the last hour: then nothing is noted. */
  takeInjection(orchestrator: string, most: number, now: number): boolean {
    this.#db.prepare('DELETE FROM orchestrators_injections WHERE at <= ?').run(now - HOUR_MS);
    const counted =
      this.#db
        .prepare<[string], number>('SELECT count(*) FROM orchestrators_injections WHERE orchestrator = ?')
        .pluck()
        .get(orchestrator) ?? 0;
    if (counted >= most) return false;
    this.#db.prepare('INSERT INTO orchestrators_injections VALUES (?, ?)').run(orchestrator, now);
    return true;
  }
}

export function shownInsight({ same: _same, created_at, ...rest }: InsightRow): Insight {
  return { ...rest, created_at: new Date(created_at).toISOString() };
}

export function shownOrchestrator({ created_at, ...rest }: OrchestratorRow, open: number): Orchestrator {
  return { ...rest, created_at: new Date(created_at).toISOString(), open };
}
