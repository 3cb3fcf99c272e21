import type { RunResult } from '../../../../shared/run-state.ts';
import { isRunResult } from '../../../../shared/run-state.ts';

/** The filters and the order of the history: kept in the page's address, so that a list can be shared and survives a reload. */
export interface Filters {
  result: readonly RunResult[];
  action: string;
  user: string;
  q: string;
  /** The first and the last day that are meant, `2026-03-01`, as this browser counts days; '' = any. */
  since: string;
  until: string;
  sort: 'newest' | 'longest';
}

export const NO_FILTERS: Filters = { result: [], action: '', user: '', q: '', since: '', until: '', sort: 'newest' };

const TEXTS = ['action', 'user', 'q', 'since', 'until'] as const;

/** @param query the address's, decoded. What makes no sense is left out. */
export function filtersOf(query: Readonly<Record<string, string | undefined>>): Filters {
  // An address of before: a state. Those that ended by themselves succeeded or failed.
  const states = (query['status'] ?? '').split(',').flatMap((state) => (state === 'exited' ? ['succeeded', 'failed'] : [state]));
  return {
    result: [...(query['result'] ?? '').split(','), ...states].filter(isRunResult),
    action: query['action'] ?? '',
    user: query['user'] ?? '',
    q: query['q'] ?? '',
    since: dayIn(query['since']),
    until: dayIn(query['until']),
    sort: query['sort'] === 'longest' ? 'longest' : 'newest',
  };
}

/** The address of the history under these filters. */
export function addressOf(filters: Filters): string {
  const text = new URLSearchParams(wordsOf(filters)).toString().replaceAll('%2C', ',');
  return text === '' ? '/runs' : `/runs?${text}`;
}

/** For the host's API: only what is set. A day begins when it does here. */
export function queryOf(filters: Filters): Record<string, string> {
  const { since, until, ...others } = wordsOf(filters);
  return {
    ...others,
    ...(since === undefined ? {} : { since: new Date(`${since}T00:00`).toISOString() }),
    ...(until === undefined ? {} : { until: startOfNext(until).toISOString() }),
  };
}

/** Does it leave runs out? The order does not. */
export function isFiltered(filters: Filters): boolean {
  return Object.keys(wordsOf({ ...filters, sort: 'newest' })).length > 0;
}

function wordsOf(filters: Filters): Record<string, string> {
  const words: Record<string, string> = {};
  if (filters.result.length > 0) words['result'] = filters.result.join(',');
  for (const key of TEXTS) if (filters[key].trim() !== '') words[key] = filters[key].trim();
  if (filters.sort === 'longest') words['sort'] = 'longest';
  return words;
}

function dayIn(text: string | undefined): string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00`)) ? text : '';
}

function startOfNext(day: string): Date {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + 1);
  return date;
}

/** A day of this browser's calendar, as a field of a form writes it. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
