import type { hc } from 'hono/client';
import type { Api } from '../../agent/systems.ts';

/**
 * The client of the host's API, typed by the agent's own routes as Hono's `hc` is, and asked in the same way. Hono's own also speaks of
 * forms, cookies and sockets, which the page does not need: 1.6 KB of the first load.
 */
type AgentClient = ReturnType<typeof hc<Api>>['api'];

interface Asked {
  param?: Record<string, string>;
  query?: Record<string, string | string[] | undefined>;
  json?: unknown;
}
type Send = (path: string, init: RequestInit) => Promise<Response>;

/** @param send gets the path with its query, and what `fetch` takes. */
export function agentClient(send: Send): AgentClient;
export function agentClient(send: Send): unknown {
  return step(['api'], send);
}

/** What stands behind so many names: another name, or the call of a method. */
function step(path: readonly string[], send: Send): unknown {
  return new Proxy(() => undefined, {
    // One that waits for it finds no promise.
    get: (_target, key) => (typeof key === 'string' && key !== 'then' ? step([...path, key], send) : undefined),
    apply: (_target, _this, [asked = {}, more = {}]: [Asked?, { init?: RequestInit }?]) => {
      const { param = {}, query = {}, json } = asked;
      const names = path
        .slice(0, -1)
        .map((part) => (part.startsWith(':') ? encodeURIComponent(param[/\w+/.exec(part)?.[0] ?? ''] ?? '') : part));
      const search = searchOf(query);
      return send(`/${names.join('/')}${search === '' ? '' : `?${search}`}`, {
        method: path.at(-1)?.slice(1).toUpperCase() ?? '',
        ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
        ...more.init,
      });
    },
  });
}

function searchOf(query: NonNullable<Asked['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const one of [value ?? []].flat()) search.append(name, one);
  return search.toString();
}
