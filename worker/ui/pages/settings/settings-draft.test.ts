import { expect, test } from 'vitest';
import { NUMBER_SETTINGS, ofEachNumber } from '../../../../shared/number-settings.ts';
import type { Settings } from '../../../../shared/settings.ts';
import { type Draft, draftOf, patchOf, problemsOf } from './settings-draft.ts';

const settings: Settings = {
  instance_id: '3f0e2a54-7c1b-4f4e-9d59-0c3a3f8e6a10',
  host_name: 'attic',
  scripts_dir: '/home/me/scripts',
  scripts_dir_fixed: false,
  ...ofEachNumber((name) => NUMBER_SETTINGS[name].default),
  when_output_full: 'truncate',
  env_allow: ['LANG'],
  tags: [],
  tags_found: ['local'],
  version: '0.1.0',
};

test('an untouched draft changes nothing', () => {
  expect(patchOf(draftOf(settings), settings)).toEqual({});
});

test('only what differs is sent', () => {
  const draft: Draft = { ...draftOf(settings), keep_days: '0', when_output_full: 'halt', env_allow: ['LANG', 'TZ'] };
  expect(patchOf(draft, settings)).toEqual({ keep_days: 0, when_output_full: 'halt', env_allow: ['LANG', 'TZ'] });
});

test('what can’t be saved is named by its field', () => {
  const draft = { ...draftOf(settings), host_name: ' ', scripts_dir: '', keep_days: '1.5', output_limit_mb: '9999999' };
  expect(Object.keys(problemsOf(draft))).toEqual(['host_name', 'scripts_dir', 'keep_days', 'output_limit_mb']);
  expect(problemsOf(draftOf(settings))).toEqual({});
});
