import { searchQuery } from '../../shared/search.ts';
import { linesResponse } from '../http/json-lines.ts';
import { resource, router } from '../http/router.ts';
import { query } from '../http/validate.ts';
import type { Log } from '../logger.ts';
import { any } from '../users/permissions.ts';
import type { Search } from './search.ts';

/** Search across what runs are called, were given and printed: a line of JSON (`SearchLine`) for each thing found, as it is found. */
export const searchApi = resource(
  '/api/search',
  {
    'GET /': any,
  },
  ({ search, log }: { search: Search; log: Pick<Log, 'error'> }) =>
    router().get('/', query(searchQuery), (c) =>
      linesResponse((signal) => search.all(c.env.caller, c.req.valid('query'), signal), c.req.raw.signal, log),
    ),
);
