import { ToruError } from '../../shared/errors.ts';

/** The last run of a page: the next page begins after it. */
export interface HistoryCursor {
  created_at: number;
  task_id: string;
}

/** The orders of a list: by the time a run was made, or by how long it ran. */
export type Sort = 'newest' | 'longest';

/** A place in a list of that order: `at` is a time (ms since 1970), or how long the run took (ms). */
export interface Place {
  at: number;
  task_id: string;
}

/** Opaque to everyone else. */
export function encodePlace({ at, task_id }: Place, sort: Sort): string {
  return Buffer.from(`${sort === 'longest' ? 'longest/' : ''}${at}/${task_id}`).toString('base64url');
}

/** @throws ToruError bad_cursor, also for one of a list in another order. */
export function decodePlace(text: string, sort: Sort): Place {
  const [, longest, at, task_id] =
    /^(longest\/)?(\d{1,15})\/([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || task_id === undefined || (longest !== undefined) !== (sort === 'longest'))
    throw new ToruError('bad_cursor', 'That is not a cursor of this list. Begin without one.');
  return { at: Number(at), task_id };
}

/** A place in a list of the newest. */
export function encodeCursor({ created_at, task_id }: HistoryCursor): string {
  return encodePlace({ at: created_at, task_id }, 'newest');
}

/** @throws ToruError bad_cursor */
export function decodeCursor(text: string): HistoryCursor {
  const { at, task_id } = decodePlace(text, 'newest');
  return { created_at: at, task_id };
}
