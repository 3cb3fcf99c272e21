import type { PendingRun } from '../../shared/hosts.ts';
import type { RunSummary } from '../../shared/runs.ts';
import type { Role } from '../../shared/users.ts';
import type { KeptOfHook } from '../../shared/webhooks.ts';
import type { Duplicate } from './duplicates.ts';

/** What the object of a host says of it: of everybody's runs. Times in ms since 1970. */
export interface HostReport {
  /** When it was made, never twice the same from one object: of two, the later one counts. */
  at: number;
  online: boolean;
  /** When the agent last gave a sign of life; null when it never linked. */
  last_sign: number | null;
  name: string | null;
  version: string | null;
  recent_runs: RunSummary[];
  pending_runs: PendingRun[];
  /** Requests to hooks that wait for the host. */
  kept_webhooks: KeptOfHook[];
  /** Another agent with this host's key, refused in the last day. */
  duplicate: Duplicate | null;
}

/** As much of it as that user may see: an admin all, anybody else their own. */
export function seenBy(report: HostReport, sub: string, role: Role): HostReport {
  if (role === 'admin') return report;
  const own = ({ user_id }: { user_id: string }): boolean => user_id === sub;
  return {
    ...report,
    recent_runs: report.recent_runs.filter(own),
    pending_runs: report.pending_runs.filter(own),
    kept_webhooks: [],
    duplicate: null,
  };
}
