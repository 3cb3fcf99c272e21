import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pluginId } from '../../../shared/plugins.ts';

/** Something in the folder of plugins that may be one. */
export interface Entry {
  id: string;
  kind: 'folder' | 'file';
  /** Absolute: its folder, or its one file. */
  path: string;
}

/** The plugins' folder, read. */
export interface Found {
  /** By id. More than one entry for an id: none of them is it. */
  byId: Map<string, Entry[]>;
  /** Names that can't be a plugin's. */
  misnamed: string[];
}

/** A folder is one whatever is in it; a file only if it is executable: a README may lie beside. */
export async function findEntries(folder: string): Promise<Found> {
  const found: Found = { byId: new Map(), misnamed: [] };
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const kind = entry.isDirectory() ? 'folder' : 'file';
    if (kind === 'file' && !(await isExecutable(path))) continue;
    const id = kind === 'folder' ? entry.name : parse(entry.name).name;
    if (!pluginId.safeParse(id).success) found.misnamed.push(entry.name);
    else found.byId.set(id, [...(found.byId.get(id) ?? []), { id, kind, path }]);
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    return ((await stat(path)).mode & 0o100) !== 0;
  } catch {
    return false;
  }
}
