import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';
import type { BuiltOptions } from './worker-options.ts';
import { builtOptions } from './worker-options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * zod brings its messages in 60 languages, 370 KB of code, and nothing of ours asks for any but English, which it is set to
 * by itself. A bundler can't see that: `z` is one object that holds them all.
 */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: `export { default as en } from './en.js';` }));
  },
};

/**
 * An `import` of `node:http` reads all that it exports, `WebSocket` among it, for which Node loads fetch, HTTP/2 and TLS: 10 MB.
 * The agent needs `Response`, and with it the same.
 */
const httpAlone: Plugin = {
  name: 'http-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}');` }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  plugins: [englishOnly],
} as const satisfies BuildOptions;

/** The Worker as one file, and beside it the one that serves the page at home and passes on the rest, as workerd takes them. */
export const workerBuild = {
  ...common,
  entryPoints: { index: 'worker/index.ts', page: 'worker/embedded-page.ts' },
  outdir: 'dist/worker',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*', './index.js'],
  minifyWhitespace: true,
  lineLimit: 160,
} as const satisfies BuildOptions;

/** What is native, brings programs of its own, or is loaded only when somebody needs it. */
const LEFT_OUTSIDE = ['argon2', 'better-sqlite3', 'execa', 'systeminformation', 'workerd'];

/**
 * What Node runs: one file per process, with the packages in it. The agent takes 9 MB less memory at rest than with each
 * package in files of its own, of which it needs a part.
 */
function nodeBuild(folder: string, entryPoints: Record<string, string>, plugins: Plugin[] = []): BuildOptions {
  const there = Object.entries(entryPoints).filter(([, file]) => existsSync(join(root, file)));
  return {
    ...common,
    entryPoints: Object.fromEntries(there),
    outdir: `dist/${folder}`,
    platform: 'node',
    external: LEFT_OUTSIDE,
    target: 'node22',
    // V8 keeps the text, at two bytes a character when one of its comments has a dash; names stay, for traces that can be read.
    minifyWhitespace: true,
    lineLimit: 160,
    // Packages that are no ES modules ask for Node's own by `require`.
    banner: { js: `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);` },
    splitting: true,
    plugins: [...common.plugins, ...plugins],
    chunkNames: 'parts/[name]-[hash]',
  };
}

/**
 * What workerd has to know of the Worker, as wrangler reads it from wrangler.toml, which stays the one configuration. The
 * file is committed, so that a start needs no wrangler (190 MB); worker-options.test.ts compares it with what wrangler says.
 */
export function readOptions(): BuiltOptions {
  // Where the page lies is said at the start, not here: dist/ moves as a whole.
  return builtOptions.parse(JSON.parse(readFileSync(join(root, 'embedded/worker-options.json'), 'utf8')));
}

async function buildAll(): Promise<void> {
  await Promise.all([
    build(workerBuild),
    build(nodeBuild('agent', { main: 'agent/entry/main.ts', cli: 'agent/entry/cli.ts' })),
    build(nodeBuild('embedded', { start: 'embedded/entry/start.ts' }, [httpAlone])),
  ]);
  // It is linked to as a command.
  await chmod(join(root, 'dist/agent/cli.js'), 0o755);
  await mkdir(join(root, 'dist/worker'), { recursive: true });
  await writeFile(join(root, 'dist/worker/options.json'), `${JSON.stringify(readOptions(), null, 2)}\n`);
}

if (import.meta.main) await buildAll();
