import { ToruError } from '../../shared/errors.ts';
import type { HistoryCursor } from '../history/cursor.ts';
import { decodeCursor, encodeCursor } from '../history/cursor.ts';

/** How far a part of the search got: a run, before the first one, or through. */
export type Position = HistoryCursor | 'beginning' | 'done';

/** Where a search goes on. */
export interface Positions {
  history: Position;
  output: Position;
}

/** Opaque to everyone else; null when all is done. */
export function encodePositions({ history, output }: Positions): string | null {
  return history === 'done' && output === 'done' ? null : `${encode(history)}.${encode(output)}`;
}

/** @throws ToruError bad_cursor */
export function decodePositions(text: string): Positions {
  const [history, output, more] = text.split('.');
  if (history === undefined || output === undefined || more !== undefined) {
    throw new ToruError('bad_cursor', 'That is not a cursor of a search. Begin without one.');
  }
  return { history: decode(history), output: decode(output) };
}

const DONE = '~';

function encode(position: Position): string {
  return position === 'done' ? DONE : position === 'beginning' ? '' : encodeCursor(position);
}

function decode(text: string): Position {
  return text === DONE ? 'done' : text === '' ? 'beginning' : decodeCursor(text);
}
