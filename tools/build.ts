import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExecaError, execaNode } from 'execa';
import { packNode } from './pack-node.ts';
import { root } from './root.ts';
import { COMPILE_CACHE } from './test-compile-cache.ts';

const SOURCES = [
  'agent',
  'embedded',
  'examples',
  'plugin-sdk',
  'shared',
  'worker',
  'tools/builder/package.json',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'wrangler.toml',
];
const loud = { cwd: root, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' } as const;
const STAMP = join(root, 'dist', '.built-from');

/** Builds everything into dist/: the page, the Worker, the agent, the embedded edge, the plugins' SDK. @throws when a part fails */
export async function build(): Promise<void> {
  // Taken first: a file that changes under the build makes the next one stale.
  const sources = fingerprint();
  const began = performance.now();
  rmSync(STAMP, { force: true });
  // Parts are named by their hash: those of the build before would stay for ever.
  for (const folder of ['agent', 'embedded', 'worker', 'node', 'plugin-sdk', 'plugin-templates', 'examples'])
    rmSync(join(root, 'dist', folder), { recursive: true, force: true });
  rmSync(COMPILE_CACHE, { recursive: true, force: true });
  // The Worker's assets are the page: both go to folders of their own, so they can be built at once.
  const vite = ['build', 'worker/ui', '--config', 'worker/ui/vite.config.ts', '--manifest', '--logLevel', 'warn'];
  // Tests build what people get: the name that Vitest gives the environment would leave checks for developers in it.
  const env = { NODE_ENV: 'production' };
  await Promise.all([execaNode('node_modules/vite/bin/vite.js', vite, { ...loud, env }), buildPrograms()]);
  // For the size budget; the Worker serves all that stands in dist/page.
  renameSync(join(root, 'dist/page/.vite/manifest.json'), join(root, 'dist/page-manifest.json'));
  rmdirSync(join(root, 'dist/page/.vite'));
  writeFileSync(STAMP, sources);
  process.stderr.write(`toru: built in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}

/** All but the page, over what was built before: the Worker, the agent, the embedded edge, the plugins' SDK. @throws when a part fails */
export async function buildPrograms(): Promise<void> {
  const parts = ['embedded/build-worker.ts', 'plugin-sdk/build-sdk.ts', 'agent/runner/build.ts'];
  packNode();
  await Promise.all(parts.map((part) => execaNode(part, loud)));
  // For what the host tells devices.
  cpSync(join(root, 'worker/ui/languages'), join(root, 'dist/agent/languages'), { recursive: true });
}

export async function buildIfStale(): Promise<void> {
  if (read(STAMP) !== fingerprint()) await build();
}

/** A hash over the path, size and time of change of every source: cheap, and a deleted file changes it too. */
export function fingerprint(folder = root): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    const info = statSync(join(folder, path), { throwIfNoEntry: false });
    if (info?.isDirectory()) {
      for (const name of readdirSync(join(folder, path)).sort()) visit(join(path, name));
    } else if (info && !/\.test\.tsx?$/.test(path)) {
      hash.update(`${path}\0${info.size}\0${info.mtimeMs}\n`);
    }
  };
  SOURCES.forEach(visit);
  return hash.digest('hex');
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main) {
  try {
    await (process.argv.includes('--if-stale') ? buildIfStale() : build());
  } catch (error) {
    process.stderr.write(`toru: ${error instanceof ExecaError ? error.shortMessage : String(error)}\n`);
    process.exitCode = 1;
  }
}
