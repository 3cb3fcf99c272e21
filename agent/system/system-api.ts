import type { System } from '../../shared/system.ts';
import { resource, router } from '../http/router.ts';
import { admin } from '../users/permissions.ts';
import type { System as SystemService } from './system.ts';

/** The host as it is now, and the samples of the last minutes: for admins. */
export const systemApi = resource(
  '/api/system',
  {
    'GET /': admin,
  },
  ({ system }: { system: SystemService }) => router().get('/', async (c) => c.json<System>(await system.snapshot())),
);
