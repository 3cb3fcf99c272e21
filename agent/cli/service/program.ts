import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AGENT_FLAGS } from '../../memory-at-rest-flags.ts';
import { StartError } from '../../start-error.ts';
import { packageRoot } from '../../system/package-root.ts';
import type { ServiceSpec } from './service-spec.ts';

/** What the service runs: this package, on a path to this Node that an upgrade of it leaves. @throws StartError */
export function programOf(
  edge: ServiceSpec['edge'],
  path: string | undefined,
  root: string = packageRoot(),
): readonly [string, ...string[]] {
  if (/\/_npx\//.test(root))
    throw new StartError(
      `This Toru lies in npx's cache (${root}), which npm empties. Install it first: sudo npm install --global toru, then: toru service install`,
    );
  const file = join(root, edge === 'embedded' ? 'dist/embedded/start.js' : 'dist/agent/main.js');
  if (!existsSync(file)) throw new StartError(`${file} is missing. Build it: npm run build`);
  return [nodePath(root, path), ...(edge === 'embedded' ? [] : AGENT_FLAGS), file];
}

/** The link of a clone, else that of the PATH (Homebrew's own path has a version in it), else the program itself. */
function nodePath(root: string, path = ''): string {
  const own = realpathSync(process.execPath);
  const links = [join(root, 'node_modules/.bin/node'), ...path.split(delimiter).map((folder) => join(folder, 'node'))];
  return links.find((link) => link.startsWith('/') && existsSync(link) && realpathSync(link) === own) ?? process.execPath;
}
