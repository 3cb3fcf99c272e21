import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** One shape of a sign, as lucide has it, as the data of an SVG path. @throws on a shape that is not known here. */
function pathOf([kind, given]: [string, Record<string, string>]): string {
  const at = (name: string, otherwise = '0'): number => Number(given[name] ?? otherwise);
  switch (kind) {
    case 'path':
      return absolute(given['d'] ?? '');
    case 'line':
      return `M${at('x1')} ${at('y1')}L${at('x2')} ${at('y2')}`;
    case 'polyline':
      return `M${given['points']}`;
    case 'polygon':
      return `M${given['points']}z`;
    case 'circle':
      return ellipse(at('cx'), at('cy'), at('r'), at('r'));
    case 'ellipse':
      return ellipse(at('cx'), at('cy'), at('rx'), at('ry'));
    case 'rect': {
      const [x, y, width, height] = [at('x'), at('y'), at('width'), at('height')];
      const rx = at('rx', given['ry'] ?? '0');
      const ry = at('ry', String(rx));
      const corner = (dx: number, dy: number): string => (rx === 0 ? '' : `a${rx} ${ry} 0 0 1 ${dx} ${dy}`);
      return `M${x + rx} ${y}h${width - 2 * rx}${corner(rx, ry)}v${height - 2 * ry}${corner(-rx, ry)}h${2 * rx - width}${corner(-rx, -ry)}v${2 * ry - height}${corner(rx, -ry)}z`;
    }
    default:
      throw new Error(`lucide draws with <${kind}> now: teach tools/glyph-paths.ts that shape`);
  }
}

/** A path that begins where it says, whatever stands before it. */
function absolute(path: string): string {
  const [, x = '', y = '', rest = ''] = /^m\s*(-?[\d.]+)[\s,]*(-?[\d.]+)\s*(.*)/s.exec(path) ?? [];
  return x === '' ? path : `M${x} ${y}${/^[a-zA-Z]|^$/.test(rest) ? '' : 'l'}${rest}`;
}

function ellipse(cx: number, cy: number, rx: number, ry: number): string {
  return `M${cx - rx} ${cy}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0z`;
}

/** The lines of every sign of the set. */
export async function glyphPaths(): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const name of glyphNames()) {
    const { __iconData } = await import(join(root, `node_modules/lucide-preact/dist/esm/icons/${name}.mjs`));
    paths[name] = __iconData.node.map(pathOf).join('');
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
