import * as z from 'zod';
import { numberIn } from './api.ts';

/** Where lines and moments are in a run's output. A cursor is a place in bytes, as everywhere. */

const cursor = numberIn(0, Number.MAX_SAFE_INTEGER);

/** GET /api/runs/:id/lines: a line by its number, or the line that holds a cursor. */
export const linesQuery = z
  .strictObject({ line: numberIn(1, Number.MAX_SAFE_INTEGER).optional(), cursor: cursor.optional() })
  .refine(({ line, cursor }) => (line === undefined) !== (cursor === undefined), 'either `line` or `cursor`');

/**
 * A line of the output: the first is 1, and a newline of either stream ends one. `cursor`: where the line begins when it was
 * asked for by its number (the last line, when there are not so many), else the cursor that was asked for.
 */
export interface LinePlace {
  line: number;
  cursor: number;
}

/** GET /api/runs/:id/times: when the output between two cursors was printed. */
export const timesQuery = z.strictObject({ from: cursor, to: cursor });

/** What ends at `cursor` was printed at `time`, or since the item before. */
export interface OutputTime {
  cursor: number;
  time: string;
}
