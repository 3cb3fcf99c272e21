import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { worthKnowing } from './finding.ts';

const HOW = 'by process group, session, tree and environment: a process that changed all of them can escape';

/** How far “cancel means gone” goes on this host, said honestly. */
export function checkContainment(platform: string = process.platform): Finding {
  if (platform !== 'linux') return worthKnowing(`a cancelled run's processes are found ${HOW}`);
  const own = ownCgroup();
  if (own === null) return worthKnowing(`no cgroup v2 here; a cancelled run's processes are found ${HOW}`);
  const delegated = isWritable(own);
  return worthKnowing(`a cancelled run's processes are found ${HOW}${delegated ? ' (cgroup v2 is there and delegated)' : ''}`);
}

/** The folder of our own cgroup v2. */
function ownCgroup(): string | null {
  try {
    const line = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'));
    const path = line?.[1] === undefined ? null : join('/sys/fs/cgroup', line[1]);
    return path !== null && existsSync(join(path, 'cgroup.procs')) ? path : null;
  } catch {
    return null;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
