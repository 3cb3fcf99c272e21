import type { Host } from '../../shared/hosts.ts';
import type { Role } from '../../shared/users.ts';
import type { HostReport } from '../host/host-report.ts';
import type { HostRecord } from './known-hosts.ts';

/** A host as the page has it. @param seen what the asker may see of its report; null: its object did not answer in time. */
export function shownHost(
  { id, name, version, last_seen_at }: HostRecord,
  { home, role }: { home: boolean; role: Role | null },
  seen: HostReport | null,
): Host {
  const last = seen?.last_sign ?? last_seen_at;
  const duplicate = seen?.duplicate ?? null;
  return {
    id,
    // A member is called what the home host calls it.
    name: home ? (seen?.name ?? name) : name,
    home,
    presence: seen === null ? 'unknown' : seen.online ? 'online' : 'away',
    online: seen?.online ?? false,
    role,
    last_seen: last === null ? null : new Date(last).toISOString(),
    version: seen?.version ?? version,
    recent_runs: seen?.recent_runs ?? [],
    pending_runs: seen?.pending_runs ?? [],
    kept_webhooks: seen?.kept_webhooks ?? [],
    duplicate: duplicate === null ? null : { ...duplicate, at: new Date(duplicate.at).toISOString() },
  };
}
