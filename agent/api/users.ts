import { userCreate, userParams, userPatch } from '../../shared/api.ts';
import type { List, User } from '../../shared/model.ts';
import { router } from './env.ts';
import type { Rooms } from './rooms.ts';
import { body, params } from './validate.ts';

/** Users: for admins, and to change one the password must have been typed lately (SECURITY rule 7). */
export function usersApi({ users }: Rooms) {
  return router()
    .get('/', (c) => c.json<List<User>>({ items: users.list(), next_cursor: null }))
    .post('/', body(userCreate), async (c) => c.json<User, 201>(await users.create(c.req.valid('json'), c.env.caller), 201))
    .patch('/:id', params(userParams), body(userPatch), async (c) =>
      c.json<User>(await users.update(c.req.valid('param').id, c.req.valid('json'), c.env.caller)),
    )
    .delete('/:id', params(userParams), async (c) => {
      await users.remove(c.req.valid('param').id, c.env.caller);
      return c.body(null, 204);
    });
}
