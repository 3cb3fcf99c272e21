import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import type { Log } from '../../logger.ts';

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
