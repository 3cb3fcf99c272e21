import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from './build.ts';

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
