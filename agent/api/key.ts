import { router } from './env.ts';
import type { Rooms } from './rooms.ts';

/** A new key for this host: at the local socket only. */
export function keyApi({ hostKey }: Rooms) {
  return router().post('/rotate', (c) => c.json<{ host_key: string }>({ host_key: hostKey.rotate(c.env.caller) }));
}
