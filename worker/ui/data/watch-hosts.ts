import { useEffect } from 'preact/hooks';
import { loadHost } from './presence.ts';

/**
 * The page has a socket to its own host alone: of the others it hears by asking the edge, so often while somebody looks. An edge knows of a
 * host that went silent within 40 s at most; of one that ended, at once.
 */
const EVERY_MS = 5000;

let followers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Keeps `hosts` true while the component is there, and the page in view. */
export function useHosts(): void {
  useEffect(() => {
    followers += 1;
    if (followers === 1) {
      void loadHost();
      timer = setInterval(() => {
        if (!document.hidden) void loadHost();
      }, EVERY_MS);
    }
    return () => {
      followers -= 1;
      if (followers === 0) clearInterval(timer);
    };
  }, []);
}
