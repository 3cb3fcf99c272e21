import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../shared/version.ts';

test('the version that the parts tell each other is the package’s', () => {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(VERSION).toBe(manifest.version);
});
