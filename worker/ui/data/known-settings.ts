import { ofEachNumber } from '../../../shared/number-settings.ts';
import type { Settings } from '../../../shared/settings.ts';
import { bool, list, number, shape, text } from '../guards.ts';

export const isSettings = shape<Settings>({
  instance_id: text,
  host_name: text,
  scripts_dir: text,
  scripts_dir_fixed: bool,
  ...ofEachNumber(() => number),
  when_output_full: text,
  env_allow: list,
  tags: list,
  tags_found: list,
  version: text,
});
