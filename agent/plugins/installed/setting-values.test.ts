import { expect, test } from 'vitest';
import type { PluginSettingsPatch } from '../../../shared/plugin-schemas.ts';
import { pluginManifest } from '../../../shared/plugins.ts';
import { manifestOf } from '../plugins-harness.ts';
import { changedSettings, missingSetting, secretValues, settingsFor, shownSettings } from './setting-values.ts';

const manifest = pluginManifest.parse({
  ...manifestOf('p'),
  settings: [
    { type: 'secret', name: 'constructor', label: 'Key', required: true },
    { type: 'text', name: 'city', label: 'City', max_length: 5 },
    { type: 'number', name: 'step', label: 'Step', min: 1, max: 9, default: 2 },
    { type: 'choice', name: 'unit', label: 'Unit', options: [{ value: 'c' }, { value: 'f' }] },
  ],
});

test('a setting with the name of something that every object has is set only when somebody set it', () => {
  expect(missingSetting(manifest, {})).toBe('Key');
  expect(shownSettings(manifest, {})).toEqual({ step: 2 });
  expect(secretValues(manifest, {})).toEqual([]);
  const values = changedSettings(manifest, {}, { constructor: 'hush' });
  expect([missingSetting(manifest, values), secretValues(manifest, values)]).toEqual([null, ['hush']]);
  expect(shownSettings(manifest, values)).toEqual({ step: 2, constructor: true });
});

test('what does not fit is refused by its label, without its value; what does not fit any more counts as not set', () => {
  const bad: PluginSettingsPatch[] = [{ city: 'too long' }, { city: 7 }, { step: 0 }, { step: 10 }, { unit: 'k' }, { constructor: true }];
  for (const patch of bad) {
    const change = (): unknown => changedSettings(manifest, {}, patch);
    expect(change).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    expect(change).not.toThrow(/too long/);
  }
  expect(() => changedSettings(manifest, {}, { other: 1 })).toThrow(expect.objectContaining({ code: 'input_undeclared' }));
  expect(settingsFor(manifest, { city: 'much too long', step: 99, unit: 'k', gone: 1 })).toEqual({ step: 2 });
});
