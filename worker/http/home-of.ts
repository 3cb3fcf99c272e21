import type { HostRecord } from '../account/known-hosts.ts';
import { accountOf } from '../env.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import type { EdgeContext } from './edge-context.ts';

/** The home host, which answers logins and decides for the installation. */
export async function homeOf(c: EdgeContext): Promise<Result<HostRecord>> {
  const [home] = await accountOf(c.env).hosts();
  return home === undefined
    ? refusal('host_offline', 'No host belongs to this edge yet. On the machine that shall run scripts, type: toru up, and this address.', {
        last_seen: null,
      })
    : { ok: true, value: home };
}
