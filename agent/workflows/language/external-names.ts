import type { Draft } from './draft.ts';
import { type Imported, type Library, libraryOf } from './import-library.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { meant } from './read-at.ts';

const KINDS = { actions: 'action', tasks: 'task', connection_types: 'connection type' } as const;

/**
 * A name with a dot, `library.item`: noted down, and looked for where the libraries are known.
 * @returns whether there is one; false, too, where that is not known
 */
export function expectExternal(draft: Draft, kind: keyof Imported, name: string, at: Origin): boolean {
  draft.external.push({ name, ...at.source.place(at.path) });
  const { libraries } = draft.around;
  const library = libraryOf(name);
  if (libraries === null || library === null) return false;
  if (draft.around.needs?.(library) === true) {
    draft.problems.at(
      at,
      `The library ${quoted(library)} needs this one itself: libraries can’t need each other.`,
      'Move what both use into a third one.',
    );
    return false;
  }
  const items = draft.imported[kind];
  if (Object.hasOwn(items, name)) return true;
  if (!libraries.has(library))
    draft.problems.at(
      at,
      `There is no library, and no workspace, ${quoted(library)} on this host that could be read.`,
      `Add it: toru workspace add ${library} FOLDER --library. What is wrong with one that is there: toru workspace list`,
    );
  else {
    const known = Object.keys(items).filter((item) => libraryOf(item) === library);
    draft.problems.at(at, `${quoted(library)} has no ${KINDS[kind]} ${quoted(name.slice(library.length + 1))}.`, meant(name, known));
  }
  return false;
}

/** The libraries that names with a dot are of, and those that these name in turn. */
export function librariesNamed(names: Iterable<string>, libraries: ReadonlyMap<string, Library>): Map<string, Library> {
  const found = new Map<string, Library>();
  for (const name of names) {
    const library = libraryOf(name) ?? '';
    const there = libraries.get(library);
    if (there !== undefined) found.set(library, there);
  }
  return found;
}
