import type { Settings } from '../../../../shared/model.ts';

/** What the form holds: numbers as they are typed. */
export interface Draft {
  host_name: string;
  scripts_dir: string;
  keep_days: string;
  env_allow: readonly string[];
}

export function draftOf(settings: Settings): Draft {
  const { host_name, scripts_dir, keep_days, env_allow } = settings;
  return { host_name, scripts_dir, keep_days: String(keep_days), env_allow };
}

export type Patch = Partial<Pick<Settings, 'host_name' | 'scripts_dir' | 'keep_days' | 'env_allow'>>;

/** Only what differs: what somebody else changed meanwhile stays. */
export function patchOf(draft: Draft, settings: Settings): Patch {
  const name = draft.host_name.trim();
  const folder = draft.scripts_dir.trim();
  const days = Number(draft.keep_days);
  return {
    ...(name === settings.host_name ? {} : { host_name: name }),
    ...(folder === settings.scripts_dir ? {} : { scripts_dir: folder }),
    ...(days === settings.keep_days ? {} : { keep_days: days }),
    ...(JSON.stringify(draft.env_allow) === JSON.stringify(settings.env_allow) ? {} : { env_allow: [...draft.env_allow] }),
  };
}

/** What is wrong with a draft, by field. */
export function problemsOf(draft: Draft): Record<string, string> {
  return {
    ...(draft.host_name.trim() === '' ? { host_name: 'Give your host a name.' } : {}),
    ...(draft.scripts_dir.trim() === '' ? { scripts_dir: 'Say in which folder the scripts are.' } : {}),
    ...(/^\d{1,5}$/.test(draft.keep_days.trim()) && Number(draft.keep_days) <= 36_500
      ? {}
      : { keep_days: 'A whole number of days, from 0 to 36500.' }),
  };
}
