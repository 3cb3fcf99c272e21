import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { Button } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { bytes, fullTime } from '../time.ts';
import { Found } from './search/found.tsx';
import { Hunt } from './search/hunt.ts';
import { addressOf, PLACES, type Query, queryOf, TIMES } from './search/query.ts';
import './search.css';

/** So long after the last key, the search begins by itself. */
const TYPING_MS = 500;

/** Everything that ever ran here: what it was called, what it was given, and what it printed. */
export function SearchPage() {
  const { query } = useLocation();
  const asked = queryOf(query);
  const key = JSON.stringify(asked);
  return (
    <div class="search">
      <PageHead title="Search" />
      <Asking key={`ask ${asked.in} ${asked.since}`} query={asked} />
      {asked.q.trim() === '' ? (
        <Empty title="Look through everything">What runs were called, what they were given, and every line that they printed.</Empty>
      ) : (
        <Hunting key={key} query={asked} />
      )}
    </div>
  );
}

function Asking({ query }: { query: Query }) {
  const { route } = useLocation();
  const text = useSignal(query.q);
  function apply(change: Partial<Query>): void {
    const next = { ...query, q: text.peek(), ...change };
    if (addressOf(next) !== addressOf(query)) route(addressOf(next), true);
  }
  useEffect(() => {
    const timer = setTimeout(() => apply({}), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text.value]);
  return (
    <search class="search-ask" aria-label="Search in all runs">
      <SearchBox
        label="Text to find in all runs"
        placeholder="Text to find"
        value={text.value}
        onValue={(value) => {
          text.value = value;
        }}
        onEnter={() => apply({})}
      />
      <select
        class="select"
        aria-label="Where"
        value={query.in}
        onChange={(event) => apply(queryOf({ in: event.currentTarget.value, since: query.since, q: text.peek() }))}
      >
        {PLACES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <select
        class="select"
        aria-label="When"
        value={query.since}
        onChange={(event) => apply(queryOf({ since: event.currentTarget.value, in: query.in, q: text.peek() }))}
      >
        {TIMES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </search>
  );
}

function Hunting({ query }: { query: Query }) {
  const hunt = useMemo(() => new Hunt(query), []);
  useEffect(() => {
    void hunt.go();
    return () => hunt.stop();
  }, [hunt]);
  const found = hunt.found.value;
  const searching = hunt.searching.value;
  return (
    <>
      <How hunt={hunt} />
      {hunt.problem.value !== null && (
        <Problem message={hunt.problem.value} action={<Button onClick={() => void hunt.go()}>Try again</Button>} />
      )}
      {found.length === 0 && searching && <Loading what="the output" rows={3} />}
      {found.length === 0 && !searching && !hunt.stopped.value && hunt.problem.value === null && (
        <Empty title="Nothing found">The text is looked for as it stands, in either case, within a line.</Empty>
      )}
      {found.length > 0 && (
        <ul class="founds" aria-label="Found">
          {found.map((one) => (
            <Found key={one.run.task_id} found={one} busy={searching} onMore={() => void hunt.more(one.run.task_id)} />
          ))}
        </ul>
      )}
      {hunt.next.value !== null && !searching && (
        <div class="search-more">
          <Button onClick={() => void hunt.go()}>Look further back</Button>
        </div>
      )}
    </>
  );
}

/** How far it is, and the way to stop it. */
function How({ hunt }: { hunt: Hunt }) {
  const { runs, bytes: count, at } = hunt.progress.value;
  const searching = hunt.searching.value;
  const seen = `${runs.toLocaleString()} ${runs === 1 ? 'run' : 'runs'}, ${bytes(count)} of output`;
  return (
    <p class="search-how small muted">
      <span role="status">
        {searching
          ? `Looking: ${seen}${at === null ? '' : `, back to ${fullTime(Date.parse(at))}`}`
          : `${hunt.stopped.value ? 'Stopped after' : 'Looked through'} ${seen}`}
      </span>
      {searching && (
        <Button kind="ghost" small onClick={() => hunt.stop()}>
          Stop
        </Button>
      )}
    </p>
  );
}
