import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** Packages that the agent loads only when somebody needs them: at rest they would take megabytes for nothing. */
const LATER = ['@xterm/headless', 'execa', 'systeminformation', 'yaml'];

it.each(LATER)('the agent at rest has not loaded %s', (name) => {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (seen.has(file)) return;
    seen.add(file);
    // What is imported as a type alone is not there when it runs, nor is what `import()` loads later.
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)(?! type\b)[^;]*?from '([^']+)';$/gm)) {
      if (from === name) found.push([...way, relative(import.meta.dirname, file)].join(' → '));
      const next = join(dirname(file), from);
      if (from.startsWith('.') && existsSync(next)) visit(next, [...way, relative(import.meta.dirname, file)]);
    }
  };
  visit(join(import.meta.dirname, 'main.ts'), []);
  // It walked through the agent.
  expect(seen.size).toBeGreaterThan(200);
  expect(found).toEqual([]);
});
