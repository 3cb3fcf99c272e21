import type { System } from '../../shared/model.ts';
import { router } from './env.ts';
import type { Rooms } from './rooms.ts';

/** The host as it is now, and the samples of the last minutes: for admins. */
export function systemApi({ system }: Rooms) {
  return router().get('/', async (c) => c.json<System>(await system.snapshot()));
}
