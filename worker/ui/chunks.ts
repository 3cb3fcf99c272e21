/**
 * Into which file of the built page a module goes. A browser pays for each file with a round trip, and for each byte with its time:
 * so what loads together is one file, and what many places share is one that comes right behind the first paint.
 */

/** The part of the bundler's word on a module that is read. */
interface ModuleInfo {
  readonly id: string;
  readonly code: string | null;
  readonly importedIds: readonly string[];
  readonly dynamicallyImportedIds: readonly string[];
  readonly dynamicImporters: readonly string[];
}
export type Modules = (id: string) => ModuleInfo | null;

/** The files that are put together here, the first one first. */
export const CHUNKS = ['page', 'parts', 'home'] as const;

/** A module that several parts need comes with what is behind the first paint if it has at most so many letters for each of them. */
const LETTERS = 300;
/** An icon has few, in a file that is mostly a comment. */
const ICON = /\/lucide-preact\/.*\/icons\//;
/** Long styles, which only a page with a terminal needs; and short ones, whose names would cost the first script as much as they do. */
const OF_TERMINALS = /\/(?:terminals|xterm)\.css$/;
const OF_SHELL = /\/shell\/[\w-]+\.css$/;
/** What every page brings behind its first paint. */
const BEHIND = /\/(?:shell\/(?:behind|service-worker)|pages\/actions\/(?:press-toast|grid-keys))\.tsx?$/;
/** What the page of actions brings behind that. */
const HOME = /\/pages\/actions\/[\w-]+\.tsx$/;
/** The signs of tiles, some of which other parts have, too. */
const SIGNS = /\/parts\/glyph-set\.ts$/;
/** What is opened first, and should need no file of others: the signs of the first tiles, and a run. */
const OPENED = /\/(?:parts\/glyph-set\.ts|pages\/run\.tsx)$/;

/** @param entry the page's first script. @returns the name of a module's file; null where the bundler's own choice is right. */
export function chunkOf(entry: string, modules: Modules): (id: string) => (typeof CHUNKS)[number] | null {
  const first = reach([entry], modules);
  const late = [...reach([entry], modules, 'with what loads late')].filter(
    (id) => !first.has(id) && (modules(id)?.dynamicImporters.length ?? 0) > 0,
  );
  const users = new Map<string, number>();
  for (const part of late) for (const id of reach([part], modules)) users.set(id, (users.get(id) ?? 0) + 1);
  const of = (parts: RegExp): Set<string> =>
    reach(
      late.filter((id) => parts.test(id)),
      modules,
    );
  const behind = of(BEHIND);
  const home = of(HOME);
  const opened = of(OPENED);
  const signs = of(SIGNS);
  /** With what it would bring along. */
  const letters = (id: string): number => {
    const brought = [...reach([id], modules)].filter((one) => !first.has(one) && !ICON.test(one));
    return brought.reduce((sum, one) => sum + (modules(one)?.code ?? '').length, 0);
  };
  const isShared = (id: string): boolean => {
    if (OF_TERMINALS.test(id)) return false;
    const parts = users.get(id) ?? 0;
    if (behind.has(id) || (home.has(id) && opened.has(id) && !ICON.test(id))) return true;
    if (ICON.test(id)) return parts > 1 && (home.has(id) || opened.has(id));
    return parts > 1 && letters(id) <= parts * LETTERS;
  };
  return (id) => {
    if (first.has(id) || OF_SHELL.test(id)) return 'page';
    const late = isShared(id) ? 'parts' : home.has(id) ? 'home' : null;
    // Their styles fit into the first file, and so do the icons of signs.
    return late !== null && (id.endsWith('.css') || (signs.has(id) && ICON.test(id))) ? 'page' : late;
  };
}

/** The modules themselves, and what they import. */
function reach(from: readonly string[], modules: Modules, how: 'at once' | 'with what loads late' = 'at once'): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    const module = modules(id);
    if (module === null || found.has(id)) return;
    found.add(id);
    module.importedIds.forEach(visit);
    if (how !== 'at once') module.dynamicallyImportedIds.forEach(visit);
  };
  from.forEach(visit);
  return found;
}
