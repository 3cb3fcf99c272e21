import type { RunState } from '../../../../shared/run-state.ts';
import { isRunState } from '../../../../shared/run-state.ts';

/** The filters of the history: kept in the page's address, so that a list can be shared and survives a reload. */
export interface Filters {
  status: readonly RunState[];
  action: string;
  user: string;
  q: string;
}

export const NO_FILTERS: Filters = { status: [], action: '', user: '', q: '' };

/** @param query the address's, decoded. What makes no sense is left out. */
export function filtersOf(query: Readonly<Record<string, string | undefined>>): Filters {
  return {
    status: (query['status'] ?? '').split(',').filter(isRunState),
    action: query['action'] ?? '',
    user: query['user'] ?? '',
    q: query['q'] ?? '',
  };
}

/** For the host's API: only what is set. */
export function queryOf(filters: Filters): Record<string, string> {
  const query: Record<string, string> = {};
  if (filters.status.length > 0) query['status'] = filters.status.join(',');
  for (const key of ['action', 'user', 'q'] as const) if (filters[key].trim() !== '') query[key] = filters[key].trim();
  return query;
}

/** The address of the history under these filters. */
export function addressOf(filters: Filters): string {
  const text = new URLSearchParams(queryOf(filters)).toString().replaceAll('%2C', ',');
  return text === '' ? '/runs' : `/runs?${text}`;
}

export function isFiltered(filters: Filters): boolean {
  return Object.keys(queryOf(filters)).length > 0;
}
