import type { List } from '../../shared/api.ts';
import { type StoredSecret, secretParam, secretQuery, secretWrite } from '../../shared/secrets.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { Secrets } from './secrets.ts';

/** Stored secrets: their names are listed, their values never leave the host. */
export const secretsApi = resource(
  '/api/secrets',
  {
    'GET /': admin,
    // It decides what scripts see.
    'PUT /:name': adminLately,
    'DELETE /:name': adminLately,
  },
  ({ secrets }: { secrets: Secrets }) =>
    router()
      .get('/', (c) => c.json<List<StoredSecret>>({ items: secrets.list(), next_cursor: null }))
      .put('/:name', params(secretParam), body(secretWrite), (c) => {
        const { value, workspace } = c.req.valid('json');
        secrets.set(c.env.caller, c.req.valid('param').name, workspace ?? null, value);
        return c.body(null, 204);
      })
      .delete('/:name', params(secretParam), query(secretQuery), (c) => {
        secrets.remove(c.env.caller, c.req.valid('param').name, c.req.valid('query').workspace ?? null);
        return c.body(null, 204);
      }),
);
