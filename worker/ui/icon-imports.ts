import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { pathOf } from '../../shared/icon-path.ts';

/** They point along the line that they stand in. */
const TURNS = /\/(?:arrow|chevron)-(?:left|right)\.m?js$/;
const FROM_ALL = /import (type )?\{([^}]*)\} from 'lucide-preact';/g;

/** Reads and changes modules on the way into a bundle. */
interface Icons {
  /** @returns the module of an icon; null for any other. */
  load(id: string): Promise<string | null>;
  /** @returns a module that takes each icon from its own file. */
  transform(code: string, id: string): string | null;
}

/**
 * Takes each icon from its own file instead of from the one that exports all 1,500: which part of the page needs which icon is then
 * known to chunks.ts, and none of the others is read by a build. Of such a file only the lines of the icon stay, drawn by parts/icon.tsx:
 * lucide's own component would weigh a kilobyte, and take as long as the rest of a tile.
 */
export function iconsAlone(): Icons {
  const all = import.meta.resolve('lucide-preact');
  const files = new Map<string, string>();
  for (const [, names = '', path = ''] of readFileSync(fileURLToPath(all), 'utf8').matchAll(/^export \{([^}]*)\} from '([^']+)';$/gm))
    for (const name of names.split(',')) files.set(name.trim().replace(/^default as /, ''), fileURLToPath(new URL(path, all)));
  const icons = new Set(files.values());
  const drawn = JSON.stringify(fileURLToPath(new URL('parts/icon.tsx', import.meta.url)));
  const line = (name: string): string => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`lucide-preact has no icon ${name}`);
    return `import ${name} from ${JSON.stringify(file)};`;
  };
  return {
    async load(id) {
      if (!icons.has(id)) return null;
      const { __iconData } = await import(id);
      return `import { icon } from ${drawn};\nexport default /* @__PURE__ */ icon(${JSON.stringify(pathOf(__iconData.node))}${TURNS.test(id) ? ', true' : ''});`;
    },
    transform: (code, id) =>
      /\.tsx?$/.test(id) && code.includes("'lucide-preact'")
        ? code.replace(FROM_ALL, (_, typesOnly: string | undefined, names: string) => {
            const wanted = names.split(',').map((name) => name.trim());
            return wanted
              .filter((name) => typesOnly === undefined && name !== '' && !name.startsWith('type '))
              .map(line)
              .join('');
          })
        : null,
  };
}

/** For the page's build. */
export function iconImports(): Plugin {
  return { name: 'icon-imports', apply: 'build', enforce: 'pre', ...iconsAlone() };
}
