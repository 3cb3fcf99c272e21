import { ToruError, unreachable } from '../../../shared/errors.ts';
import type { PluginSettingsPatch } from '../../../shared/plugin-schemas.ts';
import type { PluginManifest, PluginSetting } from '../../../shared/plugins.ts';
import type { SettingValues } from './registry.ts';

/** What a plugin is told: what was set, else the default. What does not fit its manifest any more counts as not set. */
export function settingsFor({ settings }: PluginManifest, values: SettingValues): SettingValues {
  const effective: SettingValues = {};
  for (const setting of settings) {
    const value = valueIn(values, setting.name);
    const kept = value !== undefined && problemOf(setting, value) === null ? value : defaultOf(setting);
    if (kept !== undefined) effective[setting.name] = kept;
  }
  return effective;
}

/** What an admin sees: of a secret only that it is set. */
export function shownSettings(manifest: PluginManifest, values: SettingValues): SettingValues {
  const shown = settingsFor(manifest, values);
  for (const { name, type } of manifest.settings) if (type === 'secret' && valueIn(shown, name) !== undefined) shown[name] = true;
  return shown;
}

/** The values that must not reach a log. */
export function secretValues(manifest: PluginManifest, values: SettingValues): string[] {
  const effective = settingsFor(manifest, values);
  return manifest.settings.flatMap(({ name, type }) =>
    type === 'secret' && valueIn(effective, name) !== undefined ? [String(effective[name])] : [],
  );
}

/** The label of a required setting without which it can't start; null when none is missing. */
export function missingSetting(manifest: PluginManifest, values: SettingValues): string | null {
  const effective = settingsFor(manifest, values);
  return manifest.settings.find(({ name, required }) => required && (valueIn(effective, name) ?? '') === '')?.label ?? null;
}

/** A setting may be named “constructor”: every object has one from birth. */
function valueIn(values: SettingValues, name: string): SettingValues[string] | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/**
 * The values after a change: null takes one back to its default.
 * @throws ToruError input_undeclared, input_invalid with `extra.field`.
 */
export function changedSettings(manifest: PluginManifest, values: SettingValues, patch: PluginSettingsPatch): SettingValues {
  const changed = { ...values };
  for (const [name, value] of Object.entries(patch)) {
    const setting = manifest.settings.find((each) => each.name === name);
    if (setting === undefined) throw new ToruError('input_undeclared', `This plugin has no setting “${name}”.`, { extra: { field: name } });
    if (value === null) {
      delete changed[name];
      continue;
    }
    const problem = problemOf(setting, value);
    if (problem !== null) throw new ToruError('input_invalid', `${setting.label}: ${problem}.`, { extra: { field: name } });
    changed[name] = value;
  }
  return changed;
}

function problemOf(setting: PluginSetting, value: string | number | boolean): string | null {
  switch (setting.type) {
    case 'text':
    case 'secret':
      if (typeof value !== 'string') return 'a text is expected';
      return value.length > setting.max_length ? `at most ${setting.max_length} characters are expected` : null;
    case 'number':
      if (typeof value !== 'number') return 'a number is expected';
      if (setting.min !== undefined && value < setting.min) return `at least ${setting.min} is expected`;
      return setting.max !== undefined && value > setting.max ? `at most ${setting.max} is expected` : null;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false is expected';
    case 'choice':
      return setting.options.some((option) => option.value === value) ? null : 'one of the choices is expected';
    default:
      return unreachable(setting);
  }
}

function defaultOf(setting: PluginSetting): string | number | boolean | undefined {
  return setting.type === 'secret' ? undefined : setting.default;
}
