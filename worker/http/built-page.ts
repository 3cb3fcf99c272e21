import type { EdgeContext } from './edge-context.ts';

/** Asks the API as the page would, in the name of the same person. */
export type Ask = (path: string) => Promise<Response>;

/** The same for the page that any request opens. */
export type AskApi = (c: EdgeContext, path: string) => Promise<Response>;

/** What the build says of its files (worker/ui/vite.config.ts): what a place needs by its path, with `*` for an id, and each language's texts. */
interface BuiltPage {
  readonly places: Readonly<Record<string, readonly string[]>>;
  readonly languages: Readonly<Record<string, string>>;
}

/** A build's files have the hash of the build in their names, and an instance of the Worker serves one build. */
let known: Promise<BuiltPage> | null = null;

export function builtPage(c: EdgeContext): Promise<BuiltPage> {
  known ??= read(c);
  return known;
}

async function read(c: EdgeContext): Promise<BuiltPage> {
  const file = await c.env.ASSETS.fetch('https://assets/preloads.json');
  // A page that was not built for it is served without.
  if (file.headers.get('content-type')?.startsWith('application/json') !== true) return { places: {}, languages: {} };
  return file.json<BuiltPage>();
}
