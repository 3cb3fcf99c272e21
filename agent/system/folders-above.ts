import { readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

/** As many links in a row as the kernel follows: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const MAX_LINKS = 40;

/** The real folders in which a part of the path stands, from `/` on, over every link. @param path absolute, and there. */
export function foldersAbove(path: string): Set<string> {
  const folders = new Set<string>();
  let [at, rest, links] = ['/', partsOf(path), 0];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    folders.add(at);
    const next = resolve(at, part);
    const target = links < MAX_LINKS ? targetOf(next) : null;
    if (target === null) at = next;
    else {
      links += 1;
      if (target.startsWith('/')) at = '/';
      rest = [...partsOf(target), ...rest];
    }
  }
  return folders;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Where a link leads; null for what is none. */
function targetOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
