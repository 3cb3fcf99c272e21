import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from '../shared/icon-path.ts';
import { root } from './root.ts';

/**
 * Writes worker/icons/glyph-paths.ts: the lines of the signs that an action may carry, for the PNG icons that the edge draws.
 * `node_modules/.bin/node tools/glyph-paths.ts` after a change of worker/ui/parts/glyph-set.ts or of lucide-preact.
 */

const SET = join(root, 'worker/ui/parts/glyph-set.ts');
const TARGET = join(root, 'worker/icons/glyph-paths.ts');

/** The names in the page's set, in its order. */
export function glyphNames(): string[] {
  const [, list = ''] = /GLYPHS[^{]*\{([^}]*)\}/.exec(readFileSync(SET, 'utf8')) ?? [];
  return [...list.matchAll(/^\s*'?([a-z0-9-]+)'?: [A-Z]/gm)].map(([, name = '']) => name);
}

/** The lines of every sign of the set. */
export async function glyphPaths(): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const name of glyphNames()) {
    const { __iconData } = await import(join(root, `node_modules/lucide-preact/dist/esm/icons/${name}.mjs`));
    paths[name] = pathOf(__iconData.node);
  }
  return paths;
}

/** The file, as it should be. A text, since the formatter has its own mind about long values. */
export async function glyphFile(): Promise<string> {
  const lines = Object.entries(await glyphPaths()).map(([name, path]) => `${name} ${path}\n`);
  return `/** Made by tools/glyph-paths.ts from lucide (ISC licence). On each line the name of a sign, and its lines, 24 × 24, as an SVG path. */
const SIGNS = \`
${lines.join('')}\`;

/** Path data by name. */
export const GLYPH_PATHS: ReadonlyMap<string, string> = new Map(
  SIGNS.trim()
    .split('\\n')
    .map((line) => {
      const end = line.indexOf(' ');
      return [line.slice(0, end), line.slice(end + 1)];
    }),
);
`;
}

if (import.meta.main) writeFileSync(TARGET, await glyphFile());
