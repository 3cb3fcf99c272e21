import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pluginManifest } from '../shared/plugins.ts';
import { pluginSchema, SCHEMA_FILE } from './plugin-schema.ts';
import { root } from './root.ts';

it('the published schema is that of the code: if not, node tools/plugin-schema.ts', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(pluginSchema());
});

it.each(globSync('{examples/plugins,plugin-sdk/templates}/*/plugin.json', { cwd: root }))('%s is as it demands', (file) => {
  expect(pluginManifest.safeParse(JSON.parse(readFileSync(join(root, file), 'utf8'))).error).toBeUndefined();
});
