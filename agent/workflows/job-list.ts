import type { List } from '../../shared/api.ts';
import type { JobsQuery } from '../../shared/workflows.ts';
import { decodeCursor, encodeCursor } from '../history/cursor.ts';
import type { Database } from '../store/database.ts';
import { COLUMNS, type JobRow } from './job-store.ts';

/**
 * Jobs, newest first. @param owner only this user's; null: everybody's. @throws ToruError bad_cursor
 */
export function listJobs(db: Database, query: JobsQuery, owner: string | null): List<JobRow> {
  const where: string[] = [];
  const values: Record<string, string | number> = { limit: query.limit + 1 };
  const only = (name: string, value: string | null | undefined): void => {
    if (value === null || value === undefined) return;
    where.push(`${name} = @${name}`);
    values[name] = value;
  };
  only('user_id', owner);
  only('workspace', query.workspace);
  only('task', query.task);
  only('source', query.source);
  if (query.cursor !== undefined) {
    const { created_at, task_id } = decodeCursor(query.cursor);
    where.push('(created_at, job_id) < (@before, @id)');
    Object.assign(values, { before: created_at, id: task_id });
  }
  const select = (more: readonly string[]): string => {
    const all = [...where, ...more];
    const condition = all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
    return `SELECT ${COLUMNS} FROM jobs ${condition} ORDER BY created_at DESC, job_id DESC LIMIT @limit`;
  };
  const named = (query.status ?? []).map((state, at) => {
    values[`state${at}`] = state;
    return `@state${at}`;
  });
  // One user's jobs and those of a task have an index of their own. Of all others that are in several states each state's newest are taken,
  // or all of them would be read and sorted.
  const isNarrow = owner !== null || query.task !== undefined;
  const sql =
    named.length === 0
      ? select([])
      : isNarrow || named.length === 1
        ? select([`state IN (${named.join(', ')})`])
        : `${named.map((state) => `SELECT * FROM (${select([`state = ${state}`])})`).join(' UNION ALL ')} ORDER BY created_at DESC, job_id DESC LIMIT @limit`;
  const rows = db.prepare<[Record<string, string | number>], JobRow>(sql).all(values);
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return { items, next_cursor: more ? encodeCursor({ created_at: last.created_at, task_id: last.job_id }) : null };
}
