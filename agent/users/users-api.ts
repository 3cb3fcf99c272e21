import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { User } from '../../shared/users.ts';
import { userCreate, userParams, userPatch } from '../../shared/users.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import { admin, adminLately, any } from './permissions.ts';
import type { Users } from './users.ts';

/** Users: for admins, who must have typed their password lately to change one. Everybody may change their own password. */
export const usersApi = resource(
  '/api/users',
  {
    'GET /': admin,
    'POST /': adminLately,
    'GET /:id': admin,
    // By what is changed, a password typed lately besides, but for one’s own password.
    'PATCH /:id': any,
    'DELETE /:id': adminLately,
  },
  ({ users }: { users: Users }) =>
    router()
      .get('/', (c) => c.json<List<User>>({ items: users.list(), next_cursor: null }))
      .post('/', body(userCreate), async (c) => c.json<User, 201>(await users.create(c.req.valid('json'), c.env.caller), 201))
      .get('/:id', params(userParams), (c) => {
        const user = users.get(c.req.valid('param').id);
        if (user === null) throw new ToruError('unknown_user', 'There is no such user. The list may have changed: load it again.');
        return c.json<User>(user);
      })
      .patch('/:id', params(userParams), body(userPatch), async (c) =>
        c.json<User>(await users.update(c.req.valid('param').id, c.req.valid('json'), c.env.caller)),
      )
      .delete('/:id', params(userParams), (c) => {
        users.remove(c.req.valid('param').id, c.env.caller);
        return c.body(null, 204);
      }),
);
