import { newestMinute, secondHand } from '../clock.ts';
import { clockTime, fullTime, relativeTime } from '../time.ts';

/** The whole date, when somebody looks for it: a page shows many times, and to write them all out takes longer than to draw it. */
function tellInFull({ currentTarget }: { currentTarget: HTMLTimeElement }): void {
  currentTarget.title = fullTime(Date.parse(currentTarget.dateTime));
}

/** "3 min. ago", kept true; the whole date on hover. `at`: ISO 8601. */
export function When(props: { at: string; narrow?: boolean }) {
  return (
    <time dateTime={props.at} onPointerEnter={tellInFull}>
      {relativeTime(Date.parse(props.at), newestMinute(), props.narrow === true ? 'narrow' : 'short')}
    </time>
  );
}

/** A clock that counts up from `since`, every second. */
export function Elapsed(props: { since: string }) {
  return <span class="elapsed">{clockTime(secondHand.value - Date.parse(props.since))}</span>;
}
