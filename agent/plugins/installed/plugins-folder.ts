import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pluginId } from '../../../shared/plugins.ts';
import type { Log } from '../../logger.ts';

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

/** Files that never rest are looked at all the same, after so many quiet times. */
const PATIENCE = 10;

/**
 * Calls back when something changed in a folder or below it and it has been quiet for a moment. Where the host has no watch
 * left to give, plugins are still found by a rescan.
 * @returns stops it.
 */
export function watchFolder(folder: string, quietMs: number, onChange: () => void, log: Pick<Log, 'warn'>): () => void {
  let timer: NodeJS.Timeout | null = null;
  let since = 0;
  const fire = (): void => {
    timer = null;
    onChange();
  };
  const touched = (): void => {
    const now = performance.now();
    if (timer === null) since = now;
    else if (now - since > PATIENCE * quietMs) return;
    else clearTimeout(timer);
    timer = setTimeout(fire, quietMs);
  };
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(folder, { recursive: true, persistent: false }, touched);
    watcher.on('error', (error) => log.warn({ err: error, folder }, 'the plugins’ folder is not watched any more: use rescan'));
  } catch (error) {
    log.warn({ err: error, folder }, 'the plugins’ folder can’t be watched: use rescan');
  }
  return () => {
    if (timer !== null) clearTimeout(timer);
    watcher?.close();
  };
}
