import type { KvEntry } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError } from '../../../shared/errors.ts';
import { pluginKvKeyQuery, pluginKvListQuery, pluginKvValue, pluginParams } from '../../../shared/plugin-schemas.ts';
import { resource, router } from '../../http/router.ts';
import { body, params, query } from '../../http/validate.ts';
import type { Caller } from '../../users/caller.ts';
import { any } from '../../users/permissions.ts';
import type { Plugins } from '../plugins.ts';
import type { PluginKv } from '../services/kv-store.ts';

/** A plugin's storage for its own page, as far as the manifest's `page.kv` opens it. Keys stand in the query: they may hold slashes. */
export const pluginKvApi = resource(
  '/api/plugin-kv',
  {
    // By the manifest's `page.kv`.
    'GET /:id': any,
    'GET /:id/entry': any,
    'PUT /:id/entry': any,
    'DELETE /:id/entry': any,
  },
  ({ plugins, pluginKv }: { plugins: Plugins; pluginKv: PluginKv }) => {
    const open = (caller: Caller, id: string, need: 'read' | 'write'): string => {
      const { page, name } = plugins.manifestFor(caller, id);
      if (page === undefined || page.kv === 'none' || (need === 'write' && page.kv === 'read'))
        throw new ToruError('forbidden', `The manifest of ${name} does not let its page ${need} its storage (page.kv).`);
      return id;
    };
    return router()
      .get('/:id', params(pluginParams), query(pluginKvListQuery), (c) =>
        c.json<{ entries: KvEntry[]; next: string | null }>(
          pluginKv.list(open(c.env.caller, c.req.valid('param').id, 'read'), c.req.valid('query')),
        ),
      )
      .get('/:id/entry', params(pluginParams), query(pluginKvKeyQuery), (c) => {
        const id = open(c.env.caller, c.req.valid('param').id, 'read');
        return c.json<{ entry: KvEntry | null }>({ entry: pluginKv.get(id, c.req.valid('query').key) });
      })
      .put('/:id/entry', params(pluginParams), query(pluginKvKeyQuery), body(pluginKvValue), (c) => {
        const id = open(c.env.caller, c.req.valid('param').id, 'write');
        const { value, ...rest } = c.req.valid('json');
        return c.json<{ version: number }>({ version: pluginKv.set(id, c.req.valid('query').key, value, rest) });
      })
      .delete('/:id/entry', params(pluginParams), query(pluginKvKeyQuery), (c) => {
        const id = open(c.env.caller, c.req.valid('param').id, 'write');
        const { key, if_version } = c.req.valid('query');
        return c.json<{ existed: boolean }>({ existed: pluginKv.delete(id, key, { if_version }) });
      });
  },
);
