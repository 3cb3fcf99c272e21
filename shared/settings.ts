import * as z from 'zod';
import { hostId } from './ids.ts';
import { leastOf, NUMBER_SETTINGS, ofEachNumber } from './number-settings.ts';
import { visibleName } from './visible-name.ts';

/** The host's settings. Those that are whole numbers stand in number-settings.ts. */

/** The name of a tag. */
export const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The fate of a run that prints more than the limit: it is cancelled, or runs on and the rest of its output is thrown away. */
export const whenOutputFull = z.enum(['halt', 'truncate']);

export const settings = z.object({
  instance_id: hostId,
  host_name: z.string(),
  scripts_dir: z.string(),
  /** True when the environment or config.toml decides scripts_dir, so that a change here would do nothing. */
  scripts_dir_fixed: z.boolean(),
  /** keep_days, keep_runs, keep_mb, output_limit_mb (MiB, of each of a run's two streams), compress_after_minutes: number-settings.ts. */
  ...ofEachNumber(() => z.int()),
  when_output_full: whenOutputFull,
  /** Names of variables of the agent's environment that scripts get beside the basic ones. */
  env_allow: z.array(z.string()),
  /** What this host is good for beside what it found by itself: steps of workflows name it in `tags`. */
  tags: z.array(z.string()),
  /** Found by itself: `local`, `docker`, `podman`, `pod`, languages. */
  tags_found: z.array(z.string()),
  version: z.string(),
});
export type Settings = z.infer<typeof settings>;

export const settingsPatch = z.strictObject({
  host_name: visibleName(80).optional(),
  scripts_dir: z.string().min(1).max(4096).optional(),
  ...ofEachNumber((name) => z.int().min(leastOf(name)).max(NUMBER_SETTINGS[name].most).optional()),
  when_output_full: whenOutputFull.optional(),
  env_allow: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'a name of a variable'))
    .max(100)
    .optional(),
  tags: z.array(z.string().regex(TAG, 'letters, digits, dots, hyphens and underscores, at most 63')).max(100).optional(),
});
export type SettingsPatch = z.infer<typeof settingsPatch>;
