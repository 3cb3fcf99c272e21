import { getOrInsert } from '../../shared/get-or-insert.ts';
import type { LinePlace, OutputTime } from '../../shared/output-places.ts';
import { linesQuery, timesQuery } from '../../shared/output-places.ts';
import { taskParams } from '../../shared/runs.ts';
import { resource, router } from '../http/router.ts';
import { params, query } from '../http/validate.ts';
import { LineIndex } from '../logs/line-index.ts';
import type { RunLog } from '../logs/run-log.ts';
import type { Runs } from '../runs/runs.ts';
import { openSearches } from '../search/open-searches.ts';
import { any } from '../users/permissions.ts';

/** Times of one answer: more than a screen has lines. */
const MOST_TIMES = 500;

/** Where lines and moments are in a run's output. A foreign run is an unknown one. */
export const outputPlacesApi = resource(
  '/api/runs',
  {
    'GET /:id/lines': any,
    'GET /:id/times': any,
  },
  ({ runs }: { runs: Pick<Runs, 'get' | 'log'> }) => {
    const indexes = new WeakMap<RunLog, LineIndex>();
    // To count the lines of a log is to read it, as a search does.
    const open = openSearches();
    return router()
      .get('/:id/lines', params(taskParams), query(linesQuery), async (c) => {
        const { caller } = c.env;
        const log = runs.log(runs.get(caller, c.req.valid('param').id).task_id);
        const index = getOrInsert(indexes, log, () => new LineIndex(log));
        const { line, cursor } = c.req.valid('query');
        const { signal } = c.req.raw;
        const find = () => (line === undefined ? index.lineAt(cursor ?? 0, signal) : index.cursorOf(line, signal));
        return c.json<LinePlace>(await open.run(caller.user_id, null, find));
      })
      .get('/:id/times', params(taskParams), query(timesQuery), (c) => {
        const { from, to } = c.req.valid('query');
        const log = runs.log(runs.get(c.env.caller, c.req.valid('param').id).task_id);
        const items = log.times(from, to, MOST_TIMES).map(({ cursor, time }) => ({ cursor, time: new Date(time).toISOString() }));
        return c.json<{ items: OutputTime[] }>({ items });
      });
  },
);
