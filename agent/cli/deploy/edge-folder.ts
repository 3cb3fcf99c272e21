import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { StartError } from '../../start-error.ts';

/** The built Worker as a folder that wrangler deploys. It writes beside its configuration, where the package may belong to another user. */
export interface EdgeFolder {
  /** wrangler.json: everything else follows from it. */
  readonly config: string;
  /** Where wrangler says what it did, a line of JSON each. */
  readonly output: string;
  remove(): void;
}

const config = z.looseObject({ main: z.literal('index.js'), assets: z.looseObject({}) });

/** @param root the package's folder. @param name of the Worker. @throws StartError where the package was not built. */
export function edgeFolder(root: string, name: string): EdgeFolder {
  const worker = join(root, 'dist/worker');
  const page = join(root, 'dist/page');
  for (const part of [join(worker, 'index.js'), join(worker, 'wrangler.json'), join(page, 'index.html')])
    if (!existsSync(part)) throw new StartError(`${part} is missing. Build it: npm run build`);
  const built = config.parse(JSON.parse(readFileSync(join(worker, 'wrangler.json'), 'utf8')));
  const folder = mkdtempSync(join(tmpdir(), 'toru-deploy-'));
  copyFileSync(join(worker, 'index.js'), join(folder, 'index.js'));
  const file = join(folder, 'wrangler.json');
  writeFileSync(file, `${JSON.stringify({ ...built, name, assets: { ...built.assets, directory: page } }, null, 2)}\n`);
  return {
    config: file,
    output: join(folder, 'output.ndjson'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
