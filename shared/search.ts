import * as z from 'zod';
import { numberIn } from './api.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_PLACES_FOUND } from './limits.ts';
import type { Run } from './runs.ts';
import { states } from './runs.ts';

/** The search of runs and of their output: what may be asked, and the answer. */

/** What to look for: literally or as a pattern, within a line, so no control characters but the tab. */
const wanted = z
  .string()
  .max(200)
  .refine((text) => text.trim() !== '' && !/[\x00-\x08\x0a-\x1f]/.test(text), 'text to look for, of one line');

const places = z
  .string()
  .max(40)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(['output', 'history'])).min(1));

const lookup = {
  q: wanted,
  /** `true`: `q` is a regular expression (docs/api.md), which is looked for within each line. */
  regex: z.enum(['true', 'false']).default('false'),
  /** `exact` tells `a` from `A`. */
  case: z.enum(['ignore', 'exact']).default('ignore'),
  /** So many lines of output before and after a match. */
  context: numberIn(0, 5).default(1),
  limit: numberIn(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
};

/** GET /api/search: in the names and inputs of runs (`history`), and in their output (`output`). The answer: SearchLine. */
export const searchQuery = z.strictObject({
  ...lookup,
  in: places.default(['history', 'output']),
  status: states.optional(),
  action: z.string().min(1).max(64).optional(),
  /** A username. */
  user: z.string().min(1).max(64).optional(),
  /** Only runs that were asked for then or later. */
  since: z.iso.datetime({ offset: true }).optional(),
  /** `next_cursor` of the search before. */
  cursor: z.string().min(1).max(300).optional(),
});
export type SearchQuery = z.infer<typeof searchQuery>;

/** GET /api/runs/:id/search: in one run's output, from a cursor on. */
export const runSearchQuery = z
  .strictObject({
    ...lookup,
    from: numberIn(0, Number.MAX_SAFE_INTEGER).default(0),
    /** `no`: only where the text stands, for who has the lines already; of that there may be more. */
    excerpt: z.enum(['yes', 'no']).default('yes'),
    limit: numberIn(1, MAX_PLACES_FOUND).default(DEFAULT_PAGE_SIZE),
  })
  .refine(({ excerpt, limit }) => excerpt === 'no' || limit <= MAX_PAGE_SIZE, `with excerpts, a limit from 1 to ${MAX_PAGE_SIZE}`);
export type RunSearchQuery = z.infer<typeof runSearchQuery>;

/** A stretch of a text that was looked for: from, to, in UTF-16 units. */
export type Mark = readonly [from: number, to: number];

/** A name or a value of a run in which the text stands. */
export interface FoundField {
  name: 'label' | 'script' | 'action' | 'user' | 'inputs' | 'args' | 'note';
  text: string;
  marks: Mark[];
}

/** A place in a run's output, with what stands around it in the same stream. Terminal sequences are left out of the text. */
export interface FoundPlace {
  stream: 'stdout' | 'stderr';
  /** Where the found text begins and ends, as cursors of the merged stream. */
  cursor: number;
  to: number;
  line: string;
  marks: Mark[];
  /** The line is longer than what is shown, at its beginning or its end. */
  cut: { start: boolean; end: boolean };
  before: string[];
  after: string[];
}

/** A line of the answer of GET /api/search and GET /api/runs/:id/search (application/x-ndjson). */
export type SearchLine =
  /** A run with something found, before its first match. `fields`: where in its names, empty when only its output has it. */
  | { type: 'run'; run: Run; fields: FoundField[] }
  | ({ type: 'match'; task_id: string } & FoundPlace)
  /** This run's output has more: GET /api/runs/:id/search?from=CURSOR shows it. */
  | { type: 'more'; task_id: string; cursor: number }
  /** A sign of life: how many runs and bytes of output were looked through, and when the run was made that it is at. */
  | { type: 'progress'; runs: number; bytes: number; at: string | null }
  /** The search is over. With a `next_cursor` it stopped because enough was found. */
  | { type: 'end'; runs: number; bytes: number; next_cursor: string | null }
  /** It broke off. */
  | { type: 'error'; code: string; data: string };
