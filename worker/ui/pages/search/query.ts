import { msg } from '../../translate.ts';
/** The query of a search: kept in the page's address, so that it can be shared and survives a reload. */
export interface Query {
  q: string;
  in: '' | 'history' | 'output';
  since: '' | 'day' | 'week' | 'month';
  /** `q` is a regular expression; absent: it is looked for as it stands. */
  how?: 'regex';
}

export const PLACES: readonly (readonly [value: Query['in'], label: string])[] = [
  ['', msg('Everywhere')],
  ['history', msg('Names and inputs')],
  ['output', msg('Output')],
];
export const TIMES: readonly (readonly [value: Query['since'], label: string, days: number])[] = [
  ['', msg('Any time'), 0],
  ['day', msg('Last 24 hours'), 1],
  ['week', msg('Last 7 days'), 7],
  ['month', msg('Last 30 days'), 30],
];

/** @param query the address's, decoded. What makes no sense is left out. */
export function queryOf(query: Readonly<Record<string, string | undefined>>): Query {
  return {
    q: (query['q'] ?? '').slice(0, 200),
    in: PLACES.find(([value]) => value === query['in'])?.[0] ?? '',
    since: TIMES.find(([value]) => value === query['since'])?.[0] ?? '',
    ...(query['how'] === 'regex' ? { how: 'regex' } : {}),
  };
}

export function addressOf(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value.trim() !== '') params.set(key, value);
  const text = params.toString();
  return text === '' ? '/search' : `/search?${text}`;
}

/** For GET /api/search. */
export function requestOf(query: Query, now: number): { q: string; regex?: 'true'; in?: string; since?: string } {
  const days = TIMES.find(([value]) => value === query.since)?.[2] ?? 0;
  return {
    q: query.q,
    ...(query.how === 'regex' ? { regex: 'true' } : {}),
    ...(query.in === '' ? {} : { in: query.in }),
    ...(days === 0 ? {} : { since: new Date(now - days * 86_400_000).toISOString() }),
  };
}
