import * as z from 'zod';

/** The entries of a snapshot, with their names: nothing else is ever taken out of one. */

export const MANIFEST = 'snapshot.json';
export const DATABASE = 'toru.db';

/** The first file of a snapshot. */
export const manifest = z.object({
  format: z.literal(1),
  /** Of the Toru that made it. */
  version: z.string(),
  created_at: z.iso.datetime(),
  /** How many steps of migrations its tables have seen. */
  tables: z.int().nonnegative(),
});
export type Manifest = z.infer<typeof manifest>;

/** A run's output and its index; what is left of how it was started stays behind. */
const LOG_FILE = /^(?:out|err|order)(?:[.-][a-z0-9.-]{1,30})?$/;
const RUN_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const LOG_PATH = new RegExp(`^runs/${RUN_ID}/(?:out|err|order)(?:[.-][a-z0-9.-]{1,30})?$`);

export function isLogFile(name: string): boolean {
  return LOG_FILE.test(name) && !name.includes('..');
}

/** `runs/<task_id>/out` and its like. */
export function isLogPath(path: string): boolean {
  return LOG_PATH.test(path) && !path.includes('..');
}
