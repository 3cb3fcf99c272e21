import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionCreate } from '../../shared/api.ts';
import { actionCreate } from '../../shared/api.ts';
import { packageRoot } from '../system/package-root.ts';

/** What the first screen shows: that output arrives as it is printed, that an action can ask, and that it can be stopped. */
const SEEDS: readonly ActionCreate[] = [
  {
    label: 'Say hello',
    description: 'Greets you from this machine.',
    script: 'hello.sh',
    icon: 'hand',
    color: 'amber',
    inputs: [{ type: 'text', name: 'name', label: 'Your name', help: 'Left empty, it greets the world.', max_length: 80 }],
    allow: 'everyone',
  },
  {
    label: 'Disk space',
    description: 'How full the disks are, and what fills this folder.',
    script: 'disk-space.sh',
    icon: 'hard-drive',
    color: 'blue',
  },
  {
    label: 'System report',
    description: 'Uptime, load, memory and the busiest processes.',
    script: 'system-report.sh',
    icon: 'activity',
    color: 'teal',
  },
  {
    label: 'Countdown',
    description: 'Counts down in colour, a line a second. Watch it arrive, or cancel it.',
    script: 'countdown.sh',
    icon: 'timer',
    color: 'violet',
    inputs: [{ type: 'number', name: 'seconds', label: 'Seconds', default: 10, min: 1, max: 600, integer: true }],
    max_concurrent: 1,
  },
].map((seed) => actionCreate.parse(seed));

interface SeedNeeds {
  actions: { readonly size: number; create(caller: null, fields: ActionCreate): Promise<unknown> };
  settings: { readonly scripts_dir: string; all(): { scripts_dir_fixed: boolean } };
  /** Where the examples lie; the package's own without it. */
  examples?: string;
}

/**
 * On the very first start, so that the first screen is not empty: copies the example scripts into scripts_dir, and makes
 * their actions. Does nothing where there are actions, or scripts, or where the owner named a folder of their own.
 * @returns whether it did.
 */
export async function seedActions({
  actions,
  settings,
  examples = join(packageRoot(), 'examples', 'scripts'),
}: SeedNeeds): Promise<boolean> {
  const folder = settings.scripts_dir;
  if (actions.size > 0 || settings.all().scripts_dir_fixed || !isEmpty(folder) || !existsSync(examples)) return false;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { script } of SEEDS) {
    if (!existsSync(join(examples, script))) continue;
    copyFileSync(join(examples, script), join(folder, script));
    chmodSync(join(folder, script), 0o755);
  }
  for (const seed of SEEDS) if (existsSync(join(folder, seed.script))) await actions.create(null, seed);
  return true;
}

function isEmpty(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).length === 0;
}
