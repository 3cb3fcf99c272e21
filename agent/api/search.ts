import { searchQuery } from '../../shared/api.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { linesResponse } from './lines.ts';
import { query } from './validate.ts';

/** Search across what runs are called, were given and printed: a line of JSON (`SearchLine`) for each thing found, as it is found. */
export function searchApi({ search, log }: Services) {
  return router().get('/', query(searchQuery), (c) =>
    linesResponse((signal) => search.all(c.env.caller, c.req.valid('query'), signal), c.req.raw.signal, log),
  );
}
