import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Grouping } from './order.ts';

/**
 * How scripts get a group of their own on this host: by `setsid` of util-linux or busybox; without one (macOS) by `set -m` of
 * bash, which is `/bin/sh` there.
 * @param path where programs are, as in PATH.
 */
export function groupingOf(path: string): Grouping {
  for (const folder of new Set(['/usr/bin', '/bin', ...path.split(delimiter)])) {
    if (!folder.startsWith('/')) continue;
    try {
      accessSync(join(folder, 'setsid'), constants.X_OK);
      return { setsid: join(folder, 'setsid') };
    } catch {
      // Not here.
    }
  }
  return { setsid: null };
}
