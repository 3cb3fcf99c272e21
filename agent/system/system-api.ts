import type { List } from '../../shared/api.ts';
import type { System, SystemProcess, SystemSample } from '../../shared/system.ts';
import { systemDayQuery } from '../../shared/system.ts';
import { resource, router } from '../http/router.ts';
import { query } from '../http/validate.ts';
import { admin } from '../users/permissions.ts';
import type { System as SystemService } from './system.ts';

/** The host as it is now, and the samples of the last minutes: for admins. */
export const systemApi = resource(
  '/api/system',
  {
    'GET /': admin,
    'GET /day': admin,
    'GET /processes': admin,
  },
  ({ system }: { system: SystemService }) =>
    router()
      .get('/', async (c) => c.json<System>(await system.snapshot()))
      .get('/day', query(systemDayQuery), (c) =>
        c.json<List<SystemSample>>({ items: system.day(c.req.valid('query').step), next_cursor: null }),
      )
      .get('/processes', async (c) => c.json<List<SystemProcess>>({ items: await system.processes(), next_cursor: null })),
);
