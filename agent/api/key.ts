import type { Services } from '../services.ts';
import { router } from './env.ts';

/** A new key for this host: at the local socket only. */
export function keyApi({ hostKey }: Services) {
  return router().post('/rotate', (c) => c.json<{ host_key: string }>({ host_key: hostKey.rotate(c.env.caller) }));
}
