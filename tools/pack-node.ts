import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { root } from './root.ts';

/** Of which machines a package is: one word, or a list. */
const kinds = z.union([z.string(), z.array(z.string())]);
const node = z.object({ version: z.string(), integrity: z.string(), os: kinds, cpu: kinds });

/**
 * Writes dist/node: what the package's command lets npm fetch on a machine whose Node is too old (agent/entry/fetched-node.ts). The
 * Node of the lock file, by its hashes, for each kind of machine.
 */
export function packNode(): void {
  const builder = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'tools/builder/package.json'), 'utf8')));
  const lock = z
    .object({ packages: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const { optionalDependencies } = builder;
  const [version = ''] = Object.values(optionalDependencies);
  const about = { name: 'toru-node', version, optionalDependencies };
  const packages: Record<string, unknown> = { '': about };
  for (const name of Object.keys(optionalDependencies)) {
    const path = `node_modules/${name}`;
    packages[path] = { ...node.parse(lock.packages[path]), optional: true };
  }
  const folder = join(root, 'dist/node');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...about, private: true }, null, 2)}\n`);
  writeFileSync(
    join(folder, 'package-lock.json'),
    `${JSON.stringify({ name: about.name, version, lockfileVersion: 3, requires: true, packages }, null, 2)}\n`,
  );
}
