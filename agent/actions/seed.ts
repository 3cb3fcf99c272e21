import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionCreate } from '../../shared/actions.ts';
import { actionCreate } from '../../shared/actions.ts';
import { packageRoot } from '../system/package-root.ts';

/** The actions of the first screen. They show that output arrives as it is printed, that an action can ask, and that it can be stopped. */
const SEEDS: readonly ActionCreate[] = [
  {
    id: 'hello',
    label: 'Say hello',
    description: 'Greets you from this machine, live.',
    script: 'hello.sh',
    icon: 'sun',
    color: 'amber',
    inputs: [{ type: 'text', name: 'name', label: 'Name', help: 'Whom to greet. Left empty: you.', max_length: 80 }],
    allow: 'everyone',
  },
  {
    id: 'disk-usage',
    label: 'Disk usage',
    description: 'How full each disk is, and the largest folders.',
    script: 'disk-usage.sh',
    icon: 'hard-drive',
    color: 'blue',
    timeout_s: 300,
  },
  {
    id: 'countdown',
    label: 'Countdown',
    description: 'Counts down, a line a second. Asks from where.',
    script: 'countdown.sh',
    icon: 'timer',
    color: 'violet',
    inputs: [{ type: 'number', name: 'from', label: 'Count down from', default: 10, min: 1, max: 600, integer: true, required: true }],
    max_concurrent: 1,
  },
  {
    id: 'slow-job',
    label: 'Slow job',
    description: 'Works for a minute. Close the page, come back, or cancel it: it tidies up.',
    script: 'slow.sh',
    icon: 'coffee',
    color: 'teal',
    confirm: 'confirm',
    timeout_s: 600,
  },
].map((seed) => actionCreate.parse(seed));

interface SeedOptions {
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
}: SeedOptions): Promise<boolean> {
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
