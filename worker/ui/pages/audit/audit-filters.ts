import { msg } from '../../translate.ts';
/** The filters of the audit, as they stand in the page's address. */
export interface Filters {
  event: string;
  user: string;
  outcome: '' | 'ok' | 'refused';
  since: '' | 'day' | 'week' | 'month';
}

export const EVENTS: readonly (readonly [value: string, label: string])[] = [
  ['', msg('Everything')],
  ['login', msg('Logins')],
  ['run', msg('Runs')],
  ['action', msg('Actions')],
  ['user', msg('Users')],
  ['settings', msg('Settings')],
  ['session', msg('Sessions')],
  ['agent', msg('Restarts')],
];
export const OUTCOMES: readonly (readonly [value: Filters['outcome'], label: string])[] = [
  ['', msg('Any outcome')],
  ['ok', msg('Done')],
  ['refused', msg('Refused')],
];
export const TIMES: readonly (readonly [value: Filters['since'], label: string, days: number])[] = [
  ['', msg('Any time'), 0],
  ['day', msg('Last 24 hours'), 1],
  ['week', msg('Last 7 days'), 7],
  ['month', msg('Last 30 days'), 30],
];

/** An address that somebody changed by hand narrows to nothing it does not know. */
export function filtersOf(query: Readonly<Record<string, string>>): Filters {
  return {
    event: /^[a-z][a-z_.]{0,59}$/.test(query['event'] ?? '') ? (query['event'] ?? '') : '',
    user: (query['user'] ?? '').slice(0, 64),
    outcome: OUTCOMES.find(([value]) => value === query['outcome'])?.[0] ?? '',
    since: TIMES.find(([value]) => value === query['since'])?.[0] ?? '',
  };
}

export function addressOf(filters: Filters): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(filters)) if (value !== '') params.set(key, value);
  const text = params.toString();
  return text === '' ? '/audit' : `/audit?${text}`;
}

/** For GET /api/audit. */
export function queryOf(filters: Filters, now: number): Record<string, string | undefined> {
  const days = TIMES.find(([value]) => value === filters.since)?.[2] ?? 0;
  return {
    event: filters.event || undefined,
    user: filters.user.trim() || undefined,
    outcome: filters.outcome || undefined,
    since: days === 0 ? undefined : new Date(now - days * 86_400_000).toISOString(),
  };
}
