import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { build } from 'esbuild';
import type { BuiltOptions } from './edge-options.ts';
import { builtOptions } from './edge-options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** The Worker as one file, as workerd takes it. */
export const workerBuild = {
  ...common,
  entryPoints: { index: 'worker/index.ts' },
  outdir: 'dist/worker',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
} as const satisfies BuildOptions;

/** What Node runs: one file per process, packages left where npm put them. */
function nodeBuild(folder: string, entryPoints: Record<string, string>): BuildOptions {
  const there = Object.entries(entryPoints).filter(([, file]) => existsSync(join(root, file)));
  return {
    ...common,
    entryPoints: Object.fromEntries(there),
    outdir: `dist/${folder}`,
    platform: 'node',
    packages: 'external',
    target: 'node22',
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
  };
}

/**
 * What miniflare has to know, read from wrangler.toml, which stays the one configuration. Wrangler is only needed here,
 * so that it need not be installed where Toru runs.
 */
export async function readOptions(): Promise<BuiltOptions> {
  const { unstable_getMiniflareWorkerOptions } = await import('wrangler');
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'));
  // Where the page lies is said at the start, not here: dist/ moves as a whole.
  return builtOptions.parse(workerOptions);
}

async function buildAll(): Promise<void> {
  const [options] = await Promise.all([
    readOptions(),
    build(workerBuild),
    build(nodeBuild('agent', { main: 'agent/main.ts', cli: 'agent/cli/main.ts' })),
    build(nodeBuild('embedded', { start: 'embedded/start.ts', 'edge-child': 'embedded/edge-child.ts' })),
  ]);
  await mkdir(join(root, 'dist/worker'), { recursive: true });
  await writeFile(join(root, 'dist/worker/options.json'), `${JSON.stringify(options, null, 2)}\n`);
}

if (import.meta.main) await buildAll();
