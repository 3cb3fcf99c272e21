import type { Run } from './model.ts';

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
