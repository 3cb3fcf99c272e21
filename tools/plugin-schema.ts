import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { pluginManifest } from '../shared/plugins.ts';
import { root } from './root.ts';

/** docs/plugin-manifest.schema.json: what editors and other languages check a plugin.json with. */
export const SCHEMA_FILE = join(root, 'docs/plugin-manifest.schema.json');

/** As the file holds it. What an author writes: what has a default may be left out. */
export function pluginSchema(): string {
  const schema = z.toJSONSchema(pluginManifest, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'plugin.json of a Toru plugin', ...schema }, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, pluginSchema());
