import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { fingerprint } from './build.ts';
import { root } from './root.ts';

test('a changed, a new and a removed source each make a build stale; a test does not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-build-'));
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  mkdirSync(join(folder, 'agent/runs'), { recursive: true });
  write('agent/runs/runs.ts', 'one');
  const seen = [fingerprint(folder)];
  write('agent/runs/runs.ts', 'one and more');
  seen.push(fingerprint(folder));
  write('agent/new.ts', '');
  seen.push(fingerprint(folder));
  rmSync(join(folder, 'agent/runs/runs.ts'));
  seen.push(fingerprint(folder));
  expect(new Set(seen).size).toBe(4);
  write('agent/new.test.ts', '');
  expect(fingerprint(folder)).toBe(seen[3]);
  rmSync(folder, { recursive: true });
});

/** `npm start` in a fresh clone, and the image, install these alone. */
test('what is built imports no package that only developers have', () => {
  const lock = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });
  const { packages } = lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const files = globSync('{agent,embedded,plugin-sdk/src,shared,worker}/**/*.{ts,tsx}', { cwd: root }).filter(
    (file) => !/\.test\.tsx?$|-harness\.ts$|\/fixtures?\b|^worker\/test\//.test(file),
  );
  const developing = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const names = [...text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'";=]*?\bfrom\s*)?'((?:@[\w.-]+\/)?[a-z][\w.-]*)/gm)];
    // What only tests import is a test, whatever it is called.
    if (names.some(([, name]) => name === 'vitest')) return [];
    return names.flatMap(([, name = '']) => (packages[`node_modules/${name}`]?.dev === true ? [`${file}: ${name}`] : []));
  });
  expect(files.length).toBeGreaterThan(500);
  expect(developing).toEqual([]);
});
