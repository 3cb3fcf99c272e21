import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { watchSources } from './watch-sources.ts';

const root = mkdtempSync(join(tmpdir(), 'toru-watch-'));
for (const folder of ['agent/runs', 'worker/ui', 'shared']) mkdirSync(join(root, folder), { recursive: true });
const write = (file: string) => writeFileSync(join(root, file), 'one more line');
afterEach(() => rmSync(root, { recursive: true }));

test('a change of a source is told, one after the other; the page, tests and other files are not', async () => {
  const told: string[] = [];
  let release = (): void => undefined;
  const watcher = watchSources(root, ['agent', 'worker', 'shared'], 'worker/ui', (path) => {
    told.push(path);
    return new Promise((resolve) => {
      release = resolve;
    });
  });
  write('worker/ui/page.ts');
  write('agent/runs/runs.test.ts');
  write('agent/notes.md');
  write('agent/runs/runs.ts');
  await expect.poll(() => told).toEqual(['agent/runs/runs.ts']);
  // Under way: what comes now waits for its end, and several are one.
  write('shared/one.ts');
  write('shared/limits.ts');
  release();
  await expect.poll(() => told).toEqual(['agent/runs/runs.ts', 'shared/limits.ts']);
  release();
  watcher.close();
});
