import type { List } from '../../shared/api.ts';
import type { Script } from '../../shared/scripts.ts';
import { resource, router } from '../http/router.ts';
import { admin } from '../users/permissions.ts';
import type { Scripts } from './scripts.ts';

/** The scripts in scripts_dir: for admins. */
export const scriptsApi = resource(
  '/api/scripts',
  {
    'GET /': admin,
  },
  ({ scripts }: { scripts: Scripts }) =>
    router().get('/', async (c) => c.json<List<Script>>({ items: await scripts.list(), next_cursor: null })),
);
