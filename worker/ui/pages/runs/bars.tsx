import { duration } from '../../amounts.ts';
import { fullTime } from '../../time.ts';
import './bars.css';

/** A bar that ran for no time at all can still be seen, in percent. */
const LEAST = 4;

interface Bar {
  id: string;
  href: string;
  /** ISO 8601. */
  at: string;
  /** `succeeded` is filled, any other hollow. */
  result: string;
  word: string;
  /** Null: it did not run, or still does. */
  ms: number | null;
}

/** How the newest of something went, and how long each took: a bar each, a hollow one with a head where it did not succeed. */
export function Bars({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const longest = Math.max(1, ...bars.map(({ ms }) => ms ?? 0));
  return (
    <ol class="trend-bars" aria-label={label}>
      {bars.map(({ id, href, at, result, word, ms }) => {
        const words = `${word}${ms === null ? '' : `, ${duration(ms)}`}`;
        return (
          <li key={id}>
            <a href={href} class="trend-bar" data-result={result} title={`${fullTime(Date.parse(at))}: ${words}`} aria-label={words}>
              <span style={{ height: `${Math.max(LEAST, (100 * (ms ?? 0)) / longest)}%` }} />
            </a>
          </li>
        );
      })}
    </ol>
  );
}
