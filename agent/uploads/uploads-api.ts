import { type Upload, uploadParams, uploadQuery } from '../../shared/uploads.ts';
import { resource, router } from '../http/router.ts';
import { isBare, params, query } from '../http/validate.ts';
import { any } from '../users/permissions.ts';
import type { Uploads } from './uploads.ts';

/** Files for the inputs of one's own presses. */
export const uploadsApi = resource('/api/uploads', { 'POST /': any, 'DELETE /:id': any }, ({ uploads }: { uploads: Uploads }) =>
  router()
    .post('/', query(uploadQuery), async (c) =>
      c.json<Upload, 201>(await uploads.receive(c.env.caller, c.req.valid('query'), isBare(c) ? null : c.req.raw.body), 201),
    )
    .delete('/:id', params(uploadParams), (c) => {
      uploads.discard(c.env.caller, [c.req.valid('param').id]);
      return c.body(null, 204);
    }),
);
