import type { NumberName } from '../../../../shared/number-settings.ts';
import { NUMBER_NAMES, NUMBER_SETTINGS, ofEachNumber } from '../../../../shared/number-settings.ts';
import type { Settings } from '../../../../shared/settings.ts';
import { t } from '../../translate.ts';

/** The contents of the form: numbers as they are typed. */
export interface Draft extends Record<NumberName, string> {
  host_name: string;
  scripts_dir: string;
  when_output_full: Settings['when_output_full'];
  env_allow: readonly string[];
  tags: readonly string[];
}

export function draftOf(settings: Settings): Draft {
  const { host_name, scripts_dir, when_output_full, env_allow, tags } = settings;
  return { host_name, scripts_dir, ...ofEachNumber((name) => String(settings[name])), when_output_full, env_allow, tags };
}

export type Patch = Partial<Omit<Settings, 'instance_id' | 'scripts_dir_fixed' | 'tags_found' | 'version'>>;

/** Only what differs: what somebody else changed meanwhile stays. */
export function patchOf(draft: Draft, settings: Settings): Patch {
  const name = draft.host_name.trim();
  const folder = draft.scripts_dir.trim();
  const patch: Patch = {
    ...(name === settings.host_name ? {} : { host_name: name }),
    ...(folder === settings.scripts_dir ? {} : { scripts_dir: folder }),
    ...(draft.when_output_full === settings.when_output_full ? {} : { when_output_full: draft.when_output_full }),
    ...(JSON.stringify(draft.env_allow) === JSON.stringify(settings.env_allow) ? {} : { env_allow: [...draft.env_allow] }),
    ...(JSON.stringify(draft.tags) === JSON.stringify(settings.tags) ? {} : { tags: [...draft.tags] }),
  };
  for (const field of NUMBER_NAMES) if (Number(draft[field]) !== settings[field]) patch[field] = Number(draft[field]);
  return patch;
}

/** The problems of a draft, by field. */
export function problemsOf(draft: Draft): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (draft.host_name.trim() === '') wrong['host_name'] = t('Give your host a name.');
  if (draft.scripts_dir.trim() === '') wrong['scripts_dir'] = t('Say in which folder the scripts are.');
  for (const field of NUMBER_NAMES) {
    const { most, unit } = NUMBER_SETTINGS[field];
    const text = draft[field].trim();
    if (!/^\d{1,10}$/.test(text) || Number(text) > most)
      wrong[field] = t('A whole number of {unit}, from 0 to {most}.', { unit: t(unit), most });
  }
  return wrong;
}
