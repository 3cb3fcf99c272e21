import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** Packages that the agent loads only when somebody needs them: at rest they would take megabytes for nothing. */
const LATER = ['@xterm/headless', 'execa', 'systeminformation', 'yaml'];
/** The same of ours: readers of a workspace's files and of its scripts, which a host without a workspace never needs. */
const OURS_LATER = ['workflows/language/load-workspace.ts', 'workflows/language/grammar.ts', 'workflows/language/prepare-script.ts'];

it.each([...LATER, ...OURS_LATER])('the agent at rest has not loaded %s', (name) => {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (seen.has(file)) return;
    seen.add(file);
    // What is imported as a type alone is not there when it runs, nor is what `import()` loads later.
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)(?! type\b)[^;]*?from '([^']+)';$/gm)) {
      const next = join(dirname(file), from);
      if (from === name || next === join(import.meta.dirname, name)) found.push([...way, relative(import.meta.dirname, file)].join(' → '));
      if (from.startsWith('.') && existsSync(next)) visit(next, [...way, relative(import.meta.dirname, file)]);
    }
  };
  visit(join(import.meta.dirname, 'main.ts'), []);
  if (OURS_LATER.includes(name)) expect(existsSync(join(import.meta.dirname, name))).toBe(true);
  // It walked through the agent.
  expect(seen.size).toBeGreaterThan(200);
  expect(found).toEqual([]);
});
