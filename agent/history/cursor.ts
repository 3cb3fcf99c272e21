import { ToruError } from '../../shared/errors.ts';

/** The last run of a page: the next page begins after it. */
export interface HistoryCursor {
  created_at: number;
  task_id: string;
}

/** Opaque to everyone else. */
export function encodeCursor({ created_at, task_id }: HistoryCursor): string {
  return Buffer.from(`${created_at}/${task_id}`).toString('base64url');
}

/** @throws ToruError bad_cursor */
export function decodeCursor(text: string): HistoryCursor {
  const [, at, id] = /^(\d{1,15})\/([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined) throw new ToruError('bad_cursor', 'That is not a cursor of this list. Begin without one.');
  return { created_at: Number(at), task_id: id };
}
