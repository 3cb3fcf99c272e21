import * as z from 'zod';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from './limits.ts';

/**
 * The parts that every system's shapes and requests are made of. Shapes are snake_case, times ISO 8601 UTC. The page, the command line and
 * the agent read the same rules of a request; an unknown field is refused by name: a misspelt one would otherwise be ignored in silence.
 */

export const time = z.iso.datetime();

/** The shape of every list. */
export interface List<T> {
  items: T[];
  next_cursor: string | null;
}

/** A whole number in a query string, where everything is text. */
export function numberIn(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

export const pageQuery = {
  limit: numberIn(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  /** `next_cursor` of the page before. */
  cursor: z.string().min(1).max(200).optional(),
};
