import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import { notAfterOf } from '../../shared/in-time.ts';
import { runSearchQuery } from '../../shared/search.ts';
import { terminalSize } from '../../shared/terminal-size.ts';
import type { ExecAnswer, Terminal, TerminalFile, TerminalShare } from '../../shared/terminals.ts';
import {
  execRequest,
  scrollbackQuery,
  shareRequest,
  suspendRequest,
  terminalCreate,
  terminalGetQuery,
  terminalInputRequest,
  terminalOutputQuery,
  terminalParams,
  terminalPatch,
  terminalPutQuery,
  terminalShareParams,
  terminalsQuery,
} from '../../shared/terminals.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import { linesResponse } from '../http/json-lines.ts';
import { resource, router } from '../http/router.ts';
import { body, isBare, params, query } from '../http/validate.ts';
import type { Log } from '../logger.ts';
import type { Search } from '../search/search.ts';
import type { Screens } from '../terminals/screens.ts';
import { scrollback } from '../terminals/scrollback.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { admin, adminLately, any } from '../users/permissions.ts';
import { LocalViewers } from './local-viewers.ts';
import { outputResponse } from './run-output.ts';

interface TerminalServices {
  terminals: Terminals;
  screens: Pick<Screens, 'lines' | 'above' | 'expect'>;
  search: Pick<Search, 'log'>;
  log: Pick<Log, 'error'>;
}

/** Terminals. A client sees those that are shared with them; a foreign one is an unknown one. */
export const terminalsApi = resource(
  '/api/terminals',
  {
    'GET /': any,
    // A shell of the host's owner: a session alone must not become code.
    'POST /': adminLately,
    'GET /:id': any,
    'PATCH /:id': admin,
    'DELETE /:id': admin,
    'POST /:id/suspend': admin,
    'POST /:id/resume': admin,
    'POST /:id/exec': adminLately,
    'POST /:id/input': any,
    'POST /:id/resize': any,
    'GET /:id/scrollback': any,
    'GET /:id/output': any,
    // For who may type, looked at there.
    'PUT /:id/files': any,
    'GET /:id/files': any,
    'GET /:id/search': any,
    'GET /:id/shares': admin,
    'PUT /:id/shares/:user': adminLately,
    'DELETE /:id/shares/:user': admin,
  },
  ({ terminals, screens, search, log }: TerminalServices) => {
    const local = new LocalViewers(terminals);
    return router()
      .get('/', query(terminalsQuery), (c) => c.json<List<Terminal>>(terminals.list(c.env.caller, c.req.valid('query'))))
      .post('/', body(terminalCreate), async (c) => {
        const request = c.req.valid('json');
        const not_after = request.not_after ?? notAfterOf(c.req.header(NOT_AFTER));
        const made = await terminals.create(c.env.caller, { ...request, not_after });
        screens.expect();
        return c.json<Terminal, 201>(made, 201);
      })
      .get('/:id', params(terminalParams), (c) => c.json<Terminal>(terminals.get(c.env.caller, c.req.valid('param').id)))
      .patch('/:id', params(terminalParams), body(terminalPatch), async (c) =>
        c.json<Terminal>(await terminals.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .delete('/:id', params(terminalParams), async (c) => {
        await terminals.remove(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .post('/:id/suspend', params(terminalParams), body(suspendRequest), async (c) =>
        c.json<Terminal>(await terminals.suspend(c.env.caller, c.req.valid('param').id, c.req.valid('json').freeze)),
      )
      .post('/:id/resume', params(terminalParams), (c) => c.json<Terminal>(terminals.resume(c.env.caller, c.req.valid('param').id)))
      .post('/:id/exec', params(terminalParams), body(execRequest), async (c) =>
        c.json<ExecAnswer>(await terminals.exec(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .post('/:id/input', params(terminalParams), body(terminalInputRequest), async (c) => {
        const { data, answer, viewer } = c.req.valid('json');
        const typed = (): void => {
          if (viewer !== undefined) local.typed(viewer);
        };
        await terminals.input(c.env.caller, c.req.valid('param').id, data, { answer, typed });
        return c.body(null, 204);
      })
      .post('/:id/resize', params(terminalParams), body(terminalSize), async (c) => {
        const { cols, rows } = c.req.valid('json');
        await terminals.resize(c.env.caller, c.req.valid('param').id, cols, rows);
        return c.body(null, 204);
      })
      .get('/:id/scrollback', params(terminalParams), query(scrollbackQuery), async (c) => {
        const { id } = terminals.get(c.env.caller, c.req.valid('param').id);
        const wanted = c.req.valid('query');
        const { above } = wanted;
        const text =
          above === undefined
            ? ((await screens.lines(id, wanted)) ?? (await scrollback(terminals.log(id), wanted)))
            : await screens.above(id, { ...wanted, above });
        if (text === null) throw new ToruError('timed_out', 'The lines above could not be drawn in time. Try again, or search the log.');
        return new Response(text, {
          headers: {
            'content-type': 'text/plain; charset=utf-8',
            'content-disposition': 'attachment',
            'x-content-type-options': 'nosniff',
            'cache-control': 'no-store',
          },
        });
      })
      .get('/:id/output', params(terminalParams), query(terminalOutputQuery), (c) => {
        const { id } = terminals.get(c.env.caller, c.req.valid('param').id);
        const { viewer, ...wanted } = c.req.valid('query');
        if (viewer !== undefined) return local.follow(c.env.caller, id, viewer, wanted);
        return outputResponse(terminals.log(id), wanted, c.env.caller);
      })
      .put('/:id/files', params(terminalParams), query(terminalPutQuery), async (c) => {
        const { overwrite, ...file } = c.req.valid('query');
        const where = { ...file, overwrite: overwrite === '1' };
        const stream = isBare(c) ? null : c.req.raw.body;
        return c.json<TerminalFile, 201>(await terminals.putFile(c.env.caller, c.req.valid('param').id, where, stream), 201);
      })
      .get('/:id/files', params(terminalParams), query(terminalGetQuery), (c) =>
        terminals.getFile(c.env.caller, c.req.valid('param').id, c.req.valid('query').path),
      )
      .get('/:id/search', params(terminalParams), query(runSearchQuery), (c) => {
        const { id } = terminals.get(c.env.caller, c.req.valid('param').id);
        const found = (signal: AbortSignal) => search.log(c.env.caller, id, terminals.log(id), c.req.valid('query'), signal);
        return linesResponse(found, c.req.raw.signal, log);
      })
      .get('/:id/shares', params(terminalParams), (c) =>
        c.json<List<TerminalShare>>({ items: terminals.shares(c.req.valid('param').id), next_cursor: null }),
      )
      .put('/:id/shares/:user', params(terminalShareParams), body(shareRequest), (c) => {
        const { id, user } = c.req.valid('param');
        terminals.share(c.env.caller, id, user, c.req.valid('json').right);
        return c.body(null, 204);
      })
      .delete('/:id/shares/:user', params(terminalShareParams), (c) => {
        const { id, user } = c.req.valid('param');
        terminals.share(c.env.caller, id, user, null);
        return c.body(null, 204);
      });
  },
);
