import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { bytes } from '../amounts.ts';
import { bound } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { fullTime } from '../time.ts';
import { plural, t } from '../translate.ts';
import { Found } from './search/found.tsx';
import { addressOf, PLACES, type Query, queryOf, TIMES } from './search/query.ts';
import { SearchProgress } from './search/search-progress.ts';
import './search.css';
import { navigate } from '../navigation.ts';

/** So long after the last key, the search begins by itself. */
const TYPING_MS = 500;

/** Everything that ever ran here: what it was called, what it was given, and what it printed. */
export function Page() {
  const { query } = useLocation();
  const request = queryOf(query);
  const key = JSON.stringify(request);
  return (
    <div class="wide">
      <PageHead title={t('Search')} />
      <Asking query={request} />
      {request.q.trim() === '' ? (
        <Empty title={t('Look through everything')}>
          {t('What runs were called, what they were given, and every line that they printed.')}
        </Empty>
      ) : (
        <Searching key={key} query={request} />
      )}
    </div>
  );
}

/** One form for all queries: a choice that is changed stays the element that has the focus. */
function Asking({ query }: { query: Query }) {
  const text = useSignal(query.q);
  const own = useRef(addressOf(query));
  function apply(next: Query): void {
    own.current = addressOf(next);
    if (addressOf(next) !== addressOf(query)) navigate(addressOf(next), { replace: true });
  }
  useEffect(() => {
    // Somebody went elsewhere, as by a link; what was typed meanwhile stays after a change of one's own.
    if (own.current !== addressOf(query)) text.value = query.q;
    own.current = addressOf(query);
  }, [addressOf(query)]);
  useEffect(() => {
    const timer = setTimeout(() => apply({ ...query, q: text.peek() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text.value, addressOf(query)]);
  return (
    <search class="search-ask" aria-label={t('Search in all runs')}>
      <SearchBox
        label={t('Text to find in all runs')}
        placeholder={t('Text to find')}
        {...bound(text)}
        onEnter={() => apply({ ...query, q: text.peek() })}
      />
      <select
        class="select"
        aria-label={t('Where')}
        value={query.in}
        onChange={(event) => apply(queryOf({ ...query, in: event.currentTarget.value, q: text.peek() }))}
      >
        {PLACES.map(([value, label]) => (
          <option key={value} value={value}>
            {t(label)}
          </option>
        ))}
      </select>
      <select
        class="select"
        aria-label={t('How')}
        value={query.how ?? ''}
        onChange={(event) => apply(queryOf({ ...query, how: event.currentTarget.value, q: text.peek() }))}
      >
        <option value="">{t('As it stands')}</option>
        <option value="regex">{t('Regular expression')}</option>
      </select>
      <select
        class="select"
        aria-label={t('When')}
        value={query.since}
        onChange={(event) => apply(queryOf({ ...query, since: event.currentTarget.value, q: text.peek() }))}
      >
        {TIMES.map(([value, label]) => (
          <option key={value} value={value}>
            {t(label)}
          </option>
        ))}
      </select>
    </search>
  );
}

function Searching({ query }: { query: Query }) {
  const search = useMemo(() => new SearchProgress(query), []);
  useEffect(() => {
    void search.go();
    return () => search.stop();
  }, [search]);
  const found = search.found.value;
  const searching = search.searching.value;
  return (
    <>
      <ProgressLine search={search} />
      {search.problem.value !== null && (
        <Problem message={search.problem.value} action={<Button onClick={() => void search.go()}>{t('Try again')}</Button>} />
      )}
      {found.length === 0 && searching && <Loading what={t('the output')} rows={3} />}
      {found.length === 0 && !searching && !search.stopped.value && search.problem.value === null && (
        <Empty title={t('Nothing found')}>
          {query.how === 'regex'
            ? t('The pattern is looked for, in either case, within a line.')
            : t('The text is looked for as it stands, in either case, within a line.')}
        </Empty>
      )}
      {found.length > 0 && (
        <ul class="founds" aria-label={t('Found')}>
          {found.map((one) => (
            <Found key={one.run.task_id} found={one} busy={searching} onMore={() => void search.more(one.run.task_id)} />
          ))}
        </ul>
      )}
      {search.next.value !== null && !searching && (
        <div class="search-more">
          <Button onClick={() => void search.go()}>{t('Look further back')}</Button>
        </div>
      )}
    </>
  );
}

/** ProgressLine far it is, and the way to stop it. */
function ProgressLine({ search }: { search: SearchProgress }) {
  const { runs, bytes: count, at } = search.progress.value;
  const searching = search.searching.value;
  const seen = plural(runs, '1 run, {bytes} of output', '{count} runs, {bytes} of output', { bytes: bytes(count) });
  return (
    <p class="search-how small muted">
      <span role="status">
        {searching
          ? at === null
            ? t('Looking: {seen}', { seen })
            : t('Looking: {seen}, back to {time}', { seen, time: fullTime(Date.parse(at)) })
          : search.stopped.value
            ? t('Stopped after {seen}', { seen })
            : t('Looked through {seen}', { seen })}
      </span>
      {searching && (
        <Button kind="ghost" small onClick={() => search.stop()}>
          {t('Stop')}
        </Button>
      )}
    </p>
  );
}
