import type { List } from '../../shared/api.ts';
import { type Script, type ScriptText, scriptQuery, scriptWrite, versionQuery } from '../../shared/scripts.ts';
import { resource, router } from '../http/router.ts';
import { body, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { ScriptTexts } from './script-texts.ts';
import type { Scripts } from './scripts.ts';

/** The scripts in scripts_dir: for admins. A name has slashes, and so stands in the query. */
export const scriptsApi = resource(
  '/api/scripts',
  {
    'GET /': admin,
    'GET /content': admin,
    'GET /version': admin,
    // It decides which code runs.
    'PUT /content': adminLately,
  },
  ({ scripts, scriptTexts }: { scripts: Scripts; scriptTexts: ScriptTexts }) =>
    router()
      .get('/', async (c) => c.json<List<Script>>({ items: await scripts.list(), next_cursor: null }))
      .get('/content', query(scriptQuery), async (c) => c.json<ScriptText>(await scriptTexts.read(c.req.valid('query').name)))
      .get('/version', query(versionQuery), (c) => {
        const { name, version } = c.req.valid('query');
        return c.json<{ content: string }>(scriptTexts.version(name, version));
      })
      .put('/content', body(scriptWrite), async (c) => c.json<ScriptText>(await scriptTexts.write(c.env.caller, c.req.valid('json')))),
);
