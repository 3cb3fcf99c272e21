import * as z from 'zod';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import { notAfterOf } from '../../shared/in-time.ts';
import { runInput } from '../../shared/run-input.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { Run, RunsTotals, RunsTrend } from '../../shared/runs.ts';
import {
  outputQuery,
  runPatch,
  runRequest,
  runsCleanUp,
  runsExportQuery,
  runsQuery,
  runsTotalsQuery,
  runsTrendQuery,
  taskParams,
} from '../../shared/runs.ts';
import { runSearchQuery } from '../../shared/search.ts';
import { Semaphore } from '../../shared/semaphore.ts';
import type { RunTerminal } from '../../shared/terminal-size.ts';
import { runSize, runTerminalQuery } from '../../shared/terminal-size.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import { withWrittenDigits } from '../../shared/written-digits.ts';
import { linesResponse } from '../http/json-lines.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import type { Log } from '../logger.ts';
import { LastLines } from '../logs/last-lines.ts';
import type { Runs } from '../runs/runs.ts';
import type { Search } from '../search/search.ts';
import { modesOfOutput } from '../terminals/modes-of-output.ts';
import { admin, adminLately, any, authorize } from '../users/permissions.ts';
import { FRAMES } from './frame-permissions.ts';
import { outputResponse } from './run-output.ts';
import { exportResponse } from './runs-export.ts';

/** Each reads up to 64 MiB of output: one of a user at a time, and a page that asks twice waits. */
const READS_OF_MODES = { slots: 4, perKey: 1, queueLimit: 64, waitMs: 30_000 };

/** Each line is read from the disk. */
const MAX_LAST_LINES = 50;

/** Runs: start, look, read the output, cancel, note, remove. A foreign run is an unknown one. */
export const runsApi = resource(
  '/api/runs',
  {
    // By what is asked, also `run.action` or `run.script`.
    'POST /': any,
    'GET /': any,
    'GET /export': any,
    'GET /trend': any,
    'GET /totals': admin,
    'POST /clean-up': adminLately,
    'GET /:id': any,
    'PATCH /:id': any,
    'DELETE /:id': admin,
    'GET /:id/output': any,
    'GET /:id/search': any,
    'GET /:id/terminal': any,
    'POST /:id/cancel': any,
    'POST /:id/input': any,
    'POST /:id/resize': any,
  },
  ({ runs, search, log }: { runs: Runs; search: Search; log: Pick<Log, 'error'> }) => {
    const lines = new LastLines();
    const withLines = async (items: readonly Run[]): Promise<Run[]> => {
      const found: Run[] = [];
      for (const run of items) found.push({ ...run, last_line: await lines.of(run.task_id, runs.log(run.task_id)).catch(() => '') });
      return found;
    };
    const modeReads = new Semaphore(READS_OF_MODES);
    return router()
      .post('/', body(runRequest), async (c) => {
        const { caller } = c.env;
        const request = withWrittenDigits(c.req.valid('json'), await c.req.text());
        authorize(caller, FRAMES[request.action === undefined ? 'run.script' : 'run.action']);
        const not_after = request.not_after ?? notAfterOf(c.req.header(NOT_AFTER));
        const started = await runs.start(caller, { ...request, not_after, source: caller.via === 'local' ? 'cli' : 'api' });
        return c.json<{ task_id: string; state: RunState }, 202>(started, 202);
      })
      .get('/', query(runsQuery), async (c) => {
        const { last_line, ...asked } = c.req.valid('query');
        if (last_line !== 'true') return c.json<List<Run>>(runs.list(c.env.caller, asked));
        const list = runs.list(c.env.caller, { ...asked, limit: Math.min(asked.limit, MAX_LAST_LINES) });
        return c.json<List<Run>>({ ...list, items: await withLines(list.items) });
      })
      .get('/export', query(runsExportQuery), (c) => {
        const { format, ...filter } = c.req.valid('query');
        return exportResponse(() => runs.walk(c.env.caller, filter), format);
      })
      .get('/trend', query(runsTrendQuery), (c) => c.json<RunsTrend>(runs.trend(c.env.caller, c.req.valid('query').action)))
      .get('/totals', query(runsTotalsQuery), async (c) => c.json<RunsTotals>(await runs.totals(c.req.valid('query'))))
      .post('/clean-up', body(runsCleanUp), async (c) => {
        const { runs: seen, before, ...filter } = c.req.valid('json');
        return c.json<RunsTotals, 202>(await runs.cleanUp(c.env.caller, filter, { runs: seen, before }), 202);
      })
      .get('/:id', params(taskParams), (c) => c.json<Run>(runs.get(c.env.caller, c.req.valid('param').id)))
      .patch('/:id', params(taskParams), body(runPatch), async (c) => {
        const { id } = c.req.valid('param');
        await runs.annotate(c.env.caller, id, c.req.valid('json').note);
        return c.json<Run>(runs.get(c.env.caller, id));
      })
      .delete('/:id', params(taskParams), async (c) => {
        await runs.remove(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .get('/:id/output', params(taskParams), query(outputQuery), (c) => {
        const { task_id } = runs.get(c.env.caller, c.req.valid('param').id);
        return outputResponse(runs.log(task_id), c.req.valid('query'), c.env.caller);
      })
      .get('/:id/search', params(taskParams), query(runSearchQuery), (c) =>
        linesResponse(
          (signal) => search.within(c.env.caller, c.req.valid('param').id, c.req.valid('query'), signal),
          c.req.raw.signal,
          log,
        ),
      )
      .get('/:id/terminal', params(taskParams), query(runTerminalQuery), async (c) => {
        const { task_id, tty } = runs.get(c.env.caller, c.req.valid('param').id);
        const { at } = c.req.valid('query');
        if (tty !== true) throw new ToruError('bad_request', 'This run has no terminal: its action has no “tty”.');
        const output = runs.log(task_id);
        if (at > output.end) throw new ToruError('bad_cursor', `“at” is a cursor up to ${output.end} now.`, { extra: { end: output.end } });
        const modes = await modeReads.run(c.env.caller.user_id, c.req.raw.signal, () => modesOfOutput(output, at));
        return c.json<RunTerminal>(modes);
      })
      .post('/:id/input', params(taskParams), body(z.strictObject(runInput.shape)), async (c) => {
        const { data, eof } = c.req.valid('json');
        await runs.input(c.env.caller, c.req.valid('param').id, data, eof);
        return c.body(null, 204);
      })
      .post('/:id/resize', params(taskParams), body(runSize), async (c) => {
        await runs.resize(c.env.caller, c.req.valid('param').id, c.req.valid('json'));
        return c.body(null, 204);
      })
      .post('/:id/cancel', params(taskParams), async (c) => {
        const { id } = c.req.valid('param');
        await runs.cancel(c.env.caller, id);
        return c.json<Run, 202>(runs.get(c.env.caller, id), 202);
      });
  },
);
