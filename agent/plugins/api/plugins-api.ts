import type { Context } from 'hono';
import type { List } from '../../../shared/api.ts';
import { ToruError } from '../../../shared/errors.ts';
import { pluginEnable, pluginLogsQuery, pluginParams } from '../../../shared/plugin-schemas.ts';
import type { PluginDetails, PluginLogLine, PluginSummary } from '../../../shared/plugins.ts';
import { passable, REQUEST_HEADERS } from '../../../shared/tunnel.ts';
import { linesResponse } from '../../http/json-lines.ts';
import type { ApiEnv } from '../../http/router.ts';
import { resource, router } from '../../http/router.ts';
import { body, isBare, jsonOnly, params, query } from '../../http/validate.ts';
import type { Log } from '../../logger.ts';
import type { Caller } from '../../users/caller.ts';
import { admin, any } from '../../users/permissions.ts';
import type { PluginAdmin } from '../admin.ts';
import type { Plugins } from '../plugins.ts';
import type { HttpService } from '../services/http-service.ts';

/** Lines that wait for a reader who follows; what comes on top is left out, and said. */
const MAX_WAITING = 2000;

interface PluginsApiOptions {
  plugins: Plugins;
  pluginAdmin: PluginAdmin;
  pluginHttp: HttpService;
  log: Pick<Log, 'error'>;
}

/** Plugins: list, look, switch on and off, page, log; everything else below a plugin's id is the plugin's own to answer. */
export const pluginsApi = resource(
  '/api/plugins',
  {
    // Of which plugins a caller may know, and what of them, the plugins' room decides.
    'GET /': any,
    'GET /:id': any,
    // For one that is off, and for new or changed files, a password typed lately.
    'POST /:id/enable': admin,
    'POST /:id/disable': admin,
    'GET /:id/bundle.js': any,
    'GET /:id/logs': admin,
    'GET /:id/*': any,
    'POST /:id/*': any,
    'PUT /:id/*': any,
    'PATCH /:id/*': any,
    'DELETE /:id/*': any,
  },
  ({ plugins, pluginAdmin, pluginHttp, log }: PluginsApiOptions) => {
    const forward = async (c: Context<ApiEnv>): Promise<Response> => {
      const { caller } = c.env;
      const { id, path, query: search } = placeOf(c);
      const { method, signal } = c.req.raw;
      // At the local socket, looking for a body makes a second Request: a fifth of what a GET costs the agent.
      const stream = method === 'GET' || method === 'HEAD' || isBare(c) ? null : c.req.raw.body;
      const peer = plugins.peer(caller, id, method, path);
      const { user_id, username, role } = caller;
      const headers = passable(c.req.raw.headers, REQUEST_HEADERS, c.req.path);
      return pluginHttp.ask(peer, { method, path, query: search, headers, user: { id: user_id, username, role }, body: stream, signal });
    };
    return router()
      .get('/', (c) => c.json<List<PluginSummary>>({ items: plugins.list(c.env.caller), next_cursor: null }))
      .get('/:id', params(pluginParams), (c) => c.json<PluginSummary | PluginDetails>(plugins.view(c.env.caller, c.req.valid('param').id)))
      .post('/:id/enable', params(pluginParams), jsonOnly, body(pluginEnable), async (c) =>
        c.json<PluginDetails>(await pluginAdmin.enable(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .post('/:id/disable', params(pluginParams), jsonOnly, async (c) =>
        c.json<PluginDetails>(await pluginAdmin.disable(c.env.caller, c.req.valid('param').id)),
      )
      .get('/:id/bundle.js', params(pluginParams), async (c) => {
        const { bytes, etag } = await plugins.bundle(c.env.caller, c.req.valid('param').id);
        if (c.req.header('if-none-match') === etag) return c.body(null, 304, { etag });
        return c.body(bytes, 200, { 'content-type': 'text/javascript; charset=utf-8', etag, 'content-length': String(bytes.length) });
      })
      .get('/:id/logs', params(pluginParams), query(pluginLogsQuery), (c) => {
        const { caller } = c.env;
        const { id } = c.req.valid('param');
        const request = c.req.valid('query');
        // A stream that never ends would keep the edge's object awake: the page listens on its WebSocket.
        if (request.follow === '1' && caller.via !== 'local')
          throw new ToruError('bad_request', '“follow” works at the local socket only: subscribe on the WebSocket instead.', {
            extra: { field: 'follow' },
          });
        return linesResponse((signal) => logLines(plugins, caller, id, request, signal), c.req.raw.signal, log);
      })
      .get('/:id/*', forward)
      .post('/:id/*', forward)
      .put('/:id/*', forward)
      .patch('/:id/*', forward)
      .delete('/:id/*', forward);
  },
);

/** Which plugin, and what it is asked: cut from the address as it came, so that the plugin decodes what was sent and not what we made of it. */
function placeOf(c: Context<ApiEnv>): { id: string; path: string; query: string } {
  const [, pathname = '', search = ''] = /^\w+:\/\/[^/]*([^?#]*)(\?[^#]*)?/.exec(c.req.url) ?? [];
  const [, id = '', path = ''] = /^\/api\/plugins\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  const known = pluginParams.safeParse({ id });
  if (!known.success || path === '') throw new ToruError('not_found', 'There is nothing at this address. Check its spelling.');
  return { id: known.data.id, path, query: search };
}

/**
 * A plugin's log, oldest line first; with `follow` also what comes, until the reader leaves.
 * @throws ToruError unknown_plugin.
 */
async function* logLines(
  plugins: Pick<Plugins, 'readLog' | 'followLog'>,
  caller: Caller,
  id: string,
  { limit, before, follow }: { limit: number; before?: string | undefined; follow: '0' | '1' },
  signal: AbortSignal,
): AsyncGenerator<PluginLogLine, void, undefined> {
  const waiting: PluginLogLine[] = [];
  let dropped = 0;
  let wake: () => void = () => undefined;
  // First listen, then read: a line that is written in between comes twice rather than never, and is left out by its place.
  const stop =
    follow === '1'
      ? plugins.followLog(id, (line) => {
          if (waiting.length < MAX_WAITING) waiting.push(line);
          else dropped += 1;
          wake();
        })
      : null;
  try {
    const past = await plugins.readLog(caller, id, { limit, before });
    const reported = new Set(past.map((line) => JSON.stringify(line)));
    yield* past;
    while (stop !== null && !signal.aborted) {
      const line = waiting.shift();
      if (line !== undefined) {
        if (!reported.delete(JSON.stringify(line))) yield line;
        continue;
      }
      if (dropped > 0) {
        yield {
          timestamp: new Date().toISOString(),
          level: 'warn',
          plugin: id,
          message: `${dropped} lines came too fast`,
          source: 'supervisor',
        };
        dropped = 0;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (waiting.length > 0) resolve();
      });
    }
  } finally {
    stop?.();
  }
}
