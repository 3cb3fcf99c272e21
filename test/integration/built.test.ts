import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../tools/root.ts';

/** V8 keeps a text with one character beyond Latin-1 at two bytes for each of its characters: the agent's would take a megabyte more. */
it('what the agent and the front load at their start has no character beyond Latin-1', () => {
  const wide = new Map<string, string[]>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    const found = text.match(/[^\0-\xff]/gu);
    if (found !== null) wide.set(file, found);
    for (const [, from = ''] of text.matchAll(/^(?:import|export)\b[^;]*?["'](\.[^"']+)["'];/gm)) visit(join(dirname(file), from));
  };
  for (const program of ['agent/main.js', 'embedded/start.js', 'agent/pty-host.js']) visit(join(root, 'dist', program));
  expect(seen.size).toBeGreaterThan(6);
  expect([...wide]).toEqual([]);
});
