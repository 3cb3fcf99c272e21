import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf } from '../../process/cgroup.ts';
import { cgroupBase } from '../../process/owned-cgroups.ts';
import type { Finding } from './finding.ts';
import { ok, worthKnowing } from './finding.ts';
import { livingPid } from './home.ts';

const SWEPT =
  'a cancelled run’s processes are found by process group, session, tree and environment: one that changed all of them can escape';

/** How far “cancel means gone” goes on this host, said honestly. @param home of the agent, whose cgroup counts and not ours. */
export function checkContainment(home: string, platform: string = process.platform): Finding {
  if (platform !== 'linux') return worthKnowing(SWEPT);
  const pid = livingPid(home);
  const own = cgroupOf(pid ?? 'self');
  if (own === null || !existsSync(join(own, 'cgroup.procs'))) return worthKnowing(`no cgroup v2 here; ${SWEPT}`);
  const has = pid === null ? isOurs(own) : existsSync(join(cgroupBase(own, home), 'cgroup.kill'));
  if (has) return ok('each run has its own cgroup: a cancel ends every process of it, wherever it went');
  return worthKnowing(SWEPT, 'Run the agent as a systemd service with Delegate=yes, or as root: then each run gets its own cgroup.');
}

function isOurs(cgroup: string): boolean {
  try {
    for (const file of ['', 'cgroup.procs']) accessSync(join(cgroup, file), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
