import { resource, router } from '../http/router.ts';
import type { HostKey } from './host-key.ts';
import { admin } from './permissions.ts';

/** A new key for this host: at the local socket only. */
export const keyApi = resource(
  '/api/key',
  {
    'POST /rotate': admin,
  },
  ({ hostKey }: { hostKey: HostKey }) =>
    router().post('/rotate', (c) => c.json<{ host_key: string }>({ host_key: hostKey.rotate(c.env.caller) })),
);
