import { type Signal, signal } from '@preact/signals';

/**
 * The time where the scripts run, in milliseconds since 1970: a browser's own clock may be wrong. The
 * host says its time on each new connection; before the first, the `Date` of the server's answers has to do.
 */
export function hostNow(): number {
  return Date.now() + (host ?? edge);
}

/** The time at the server, which keeps sessions, and runs that wait for a host. */
export function edgeNow(): number {
  return Date.now() + edge;
}

/** Ahead of this browser's clock, in milliseconds. */
let host: number | null = null;
let edge = 0;

/** @param time ISO 8601, as the host said it just now. */
export function learnHostTime(time: string | undefined): void {
  const at = Date.parse(time ?? '');
  if (Number.isNaN(at)) return;
  host = at - Date.now();
  turnHands();
}

/** @param date a `Date` header: whole seconds. */
export function learnEdgeTime(date: string | null): void {
  const at = Date.parse(date ?? '');
  if (Number.isNaN(at)) return;
  const ahead = at + 500 - Date.now();
  // It is known to the second: what is nearer than that is nothing new.
  if (Math.abs(ahead - edge) < 2000) return;
  edge = ahead;
  turnHands();
}

/** Shared clocks: one timer each, running only while some component reads it and the page is in view. */
function ticking(every_ms: number): Signal<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = signal(hostNow(), {
    watched() {
      now.value = hostNow();
      timer = setInterval(() => {
        if (!document.hidden) now.value = hostNow();
      }, every_ms);
    },
    unwatched() {
      clearInterval(timer);
    },
  });
  return now;
}

/** For "3 minutes ago": read it with `newestMinute`. */
export const minuteHand: Signal<number> = ticking(10_000);

/** Now, and again at every move of the minute hand. The hand itself may be ten seconds behind: what just ended would lie ahead of it. */
export function newestMinute(): number {
  return Math.max(minuteHand.value, hostNow());
}
/** For what is running now. */
export const secondHand: Signal<number> = ticking(1000);

function turnHands(): void {
  minuteHand.value = secondHand.value = hostNow();
}
