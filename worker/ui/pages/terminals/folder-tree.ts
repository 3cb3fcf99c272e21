import type { Folder, FolderPreferences } from '../../../../shared/folders.ts';

/** The tree of folders, as lines below one another. Pure. */
export interface Branch {
  folder: Folder;
  /** 0 at the top. */
  depth: number;
}

/** Each folder before those in it; siblings by position, then name. One whose parent is missing stands at the top. */
export function branchesOf(folders: readonly Folder[]): Branch[] {
  const known = new Set(folders.map(({ id }) => id));
  const sorted = [...folders].sort((a, b) => a.position - b.position || a.name.localeCompare(b.name));
  const within = (parent: string | null, depth: number): Branch[] =>
    sorted
      .filter((folder) => (folder.parent !== null && known.has(folder.parent) ? folder.parent : null) === parent)
      .flatMap((folder) => [{ folder, depth }, ...within(folder.id, depth + 1)]);
  return within(null, 0);
}

/** What a folder takes from those above it, the nearest first. */
export function inheritedFrom(folders: readonly Folder[], parent: string | null): FolderPreferences {
  const above = folders.find(({ id }) => id === parent);
  if (above === undefined) return {};
  const rest = inheritedFrom(
    folders.filter(({ id }) => id !== parent),
    above.parent,
  );
  const env = { ...rest.env, ...above.preferences.env };
  return { ...rest, ...above.preferences, ...(Object.keys(env).length > 0 ? { env } : {}) };
}

/** The folders that one can be moved into: not itself, and none in it. */
export function possibleParents(folders: readonly Folder[], id: string | null): Branch[] {
  if (id === null) return branchesOf(folders);
  const own = new Set([id]);
  const branches = branchesOf(folders);
  for (const { folder } of branches) if (folder.parent !== null && own.has(folder.parent)) own.add(folder.id);
  return branches.filter(({ folder }) => !own.has(folder.id));
}

/** `NAME=value`, one a line. */
export function linesOfEnv(env: Readonly<Record<string, string>> = {}): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** @returns null where a line is no `NAME=value`. */
export function envOfLines(lines: string): Record<string, string> | null {
  const env: Record<string, string> = {};
  for (const line of lines.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    if (at < 1) return null;
    env[line.slice(0, at).trim()] = line.slice(at + 1);
  }
  return env;
}
