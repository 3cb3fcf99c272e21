import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { glyphFile, glyphNames } from './glyph-paths.ts';
import { root } from './root.ts';

test('the icons that the edge draws have every sign of the page’s set, as lucide draws it', async () => {
  expect(glyphNames().length).toBeGreaterThan(70);
  expect(readFileSync(join(root, 'worker/icons/glyph-paths.ts'), 'utf8')).toBe(await glyphFile());
});
