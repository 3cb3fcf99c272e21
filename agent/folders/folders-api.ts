import type { List } from '../../shared/api.ts';
import { type Folder, folderCreate, folderParams, folderPatch, folderRemoval } from '../../shared/folders.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { Folders } from './folders.ts';

/** The tree of folders of terminals, for admins. */
export const foldersApi = resource(
  '/api/folders',
  {
    'GET /': admin,
    // Its preferences decide what a new terminal starts.
    'POST /': adminLately,
    'GET /:id': admin,
    'PATCH /:id': adminLately,
    'DELETE /:id': admin,
    'GET /:id/children': admin,
  },
  ({ folders }: { folders: Folders }) =>
    router()
      .get('/', (c) => c.json<List<Folder>>({ items: folders.list(), next_cursor: null }))
      .post('/', body(folderCreate), (c) => c.json<Folder, 201>(folders.create(c.env.caller, c.req.valid('json')), 201))
      .get('/:id', params(folderParams), (c) => c.json<Folder>(folders.get(c.req.valid('param').id)))
      .patch('/:id', params(folderParams), body(folderPatch), (c) =>
        c.json<Folder>(folders.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .delete('/:id', params(folderParams), query(folderRemoval), (c) => {
        folders.remove(c.env.caller, c.req.valid('param').id, c.req.valid('query').recursive === 'true');
        return c.body(null, 204);
      })
      .get('/:id/children', params(folderParams), (c) =>
        c.json<List<Folder>>({ items: folders.children(c.req.valid('param').id), next_cursor: null }),
      ),
);
