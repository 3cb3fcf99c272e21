import { type Signal, signal } from '@preact/signals';

/** Shared clocks: one timer each, running only while some component reads it and the page is in view. */
function ticking(every_ms: number): Signal<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = signal(Date.now(), {
    watched() {
      now.value = Date.now();
      timer = setInterval(() => {
        if (!document.hidden) now.value = Date.now();
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
  return Math.max(minuteHand.value, Date.now());
}
/** For what is running now. */
export const secondHand: Signal<number> = ticking(1000);
