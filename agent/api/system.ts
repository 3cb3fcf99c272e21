import type { System } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';

/** The host as it is now, and the samples of the last minutes: for admins. */
export function systemApi({ system }: Services) {
  return router().get('/', async (c) => c.json<System>(await system.snapshot()));
}
