import { useEffect } from 'preact/hooks';
import { LINK_DEAD_MS } from '../../../shared/limits.ts';
import { edgeNow } from '../clock.ts';
import { hosts, loadHost } from './presence.ts';

/**
 * The page has a socket to its own host alone: of the others it hears by asking the edge, so often while somebody looks. An edge knows of a
 * host that went silent within LINK_DEAD_MS; of one that ended, at once.
 */
const EVERY_MS = 5000;

let followers = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** When to ask again: at the moment at which a host that says nothing more is away, too, once. */
function untilNext(): number {
  const waits = hosts.peek().flatMap(({ online, last_seen }) => {
    const wait = last_seen === null ? 0 : Date.parse(last_seen) + LINK_DEAD_MS + 250 - edgeNow();
    return online && wait > 0 ? [wait] : [];
  });
  return Math.min(EVERY_MS, ...waits);
}

async function look(): Promise<void> {
  if (!document.hidden) await loadHost();
  clearTimeout(timer);
  if (followers > 0) timer = setTimeout(() => void look(), untilNext());
}

/** Keeps `hosts` true while the component is there, and the page in view. */
export function useHosts(): void {
  useEffect(() => {
    followers += 1;
    if (followers === 1) void look();
    return () => {
      followers -= 1;
      if (followers === 0) clearTimeout(timer);
    };
  }, []);
}
