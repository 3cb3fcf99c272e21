import { newestMinute, secondHand } from '../clock.ts';
import { clockTime, fullTime, relativeTime } from '../time.ts';

/** "3 min. ago", kept true; the whole date on hover. `at`: ISO 8601. */
export function When(props: { at: string; narrow?: boolean }) {
  const at = Date.parse(props.at);
  return (
    <time dateTime={props.at} title={fullTime(at)}>
      {relativeTime(at, newestMinute(), undefined, props.narrow === true ? 'narrow' : 'short')}
    </time>
  );
}

/** A clock that counts up from `since`, every second. */
export function Elapsed(props: { since: string }) {
  return <span class="elapsed">{clockTime(secondHand.value - Date.parse(props.since))}</span>;
}
