import { watch } from 'node:fs';
import { join } from 'node:path';

/** An editor writes a file in several steps, and a branch that is checked out changes many. */
const SETTLE_MS = 150;

/**
 * Calls `changed` after a source changed, with its path from `root`; not for tests, nor for what stands under `except`. Calls
 * never overlap: what changes during one leads to another one after it.
 * @param folders from `root`. @param except a folder in one of them.
 */
export function watchSources(root: string, folders: string[], except: string, changed: (path: string) => Promise<void>): { close(): void } {
  let latest: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let busy = false;

  const settle = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void tell(), SETTLE_MS);
  };
  const tell = async (): Promise<void> => {
    if (busy || latest === null) return;
    const path = latest;
    latest = null;
    busy = true;
    await changed(path).finally(() => {
      busy = false;
    });
    if (latest !== null) settle();
  };
  const watchers = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, name) => {
      const path = join(folder, name ?? '');
      if (path.startsWith(`${except}/`) || !/\.(ts|tsx|json)$/.test(path) || /\.test\.tsx?$/.test(path)) return;
      latest = path;
      settle();
    }),
  );
  return {
    close: () => {
      if (timer !== null) clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
