import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { pageOnServer } from './page-on-server.ts';
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

/**
 * argon2 comes with its native parts built, but compiles at its installation where the machine's Node can't load one, though Toru
 * brings a newer Node. So it is no dependency: its code is bundled, and the native parts for hosts lie in dist/agent/argon2.
 */
const ARGON2 = join(root, 'node_modules/argon2');
const argon2Here: Plugin = {
  name: 'argon2-here',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/]argon2[\\/]argon2\.cjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('gypBuild(__dirname)')) throw new Error(`${path} loads its native part in another way than this build knows`);
      const folder = `require('node:path').join(__dirname.replace(/parts$/, ''), 'argon2')`;
      return { contents: text.replace('gypBuild(__dirname)', `gypBuild(${folder})`) };
    });
  },
};

async function copyArgon2(): Promise<void> {
  const forHosts = (await readdir(join(ARGON2, 'prebuilds'))).filter((kind) => /^(?:linux|darwin)-/.test(kind));
  for (const kind of forHosts)
    await cp(join(ARGON2, 'prebuilds', kind), join(root, 'dist/agent/argon2/prebuilds', kind), { recursive: true });
}

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
  plugins: [...common.plugins, pageOnServer],
  external: ['cloudflare:*', 'node:*', './index.js'],
  minifyWhitespace: true,
  lineLimit: 160,
} as const satisfies BuildOptions;

/** What is native, brings programs of its own, or is loaded only when somebody needs it. */
const LEFT_OUTSIDE = ['better-sqlite3', 'execa', 'systeminformation', '@lydell/node-pty'];

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
    // Packages that are no ES modules ask for Node's own by `require`, and one for its own place.
    banner: {
      js: `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nconst __dirname = import.meta.dirname;`,
    },
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

/**
 * wrangler.toml for the Worker as it is built, which `toru deploy` gives to wrangler. The page's folder is said there: dist/ moves as a whole.
 * What somebody set in Cloudflare's dashboard stays.
 */
export function deployConfig(): object {
  const toml = z.looseObject({ assets: z.looseObject({ directory: z.string() }) });
  const { assets, ...config } = toml.parse(parse(readFileSync(join(root, 'wrangler.toml'), 'utf8')));
  const { directory: _, ...page } = assets;
  return { ...config, main: 'index.js', no_bundle: true, keep_vars: true, assets: page };
}

async function buildAll(): Promise<void> {
  await Promise.all([
    build(workerBuild),
    build(
      nodeBuild(
        'agent',
        {
          main: 'agent/entry/main.ts',
          cli: 'agent/entry/cli.ts',
          'pty-host': 'agent/entry/pty-host.ts',
          'screen-worker': 'agent/entry/screen-worker.ts',
          'tty-run': 'agent/entry/tty-run.ts',
          'step-container': 'agent/entry/step-container.ts',
          'step-install': 'agent/entry/step-install.ts',
        },
        [argon2Here],
      ),
    ),
    copyArgon2(),
    build(nodeBuild('embedded', { start: 'embedded/entry/start.ts' }, [httpAlone])),
  ]);
  // It is linked to as a command.
  await chmod(join(root, 'dist/agent/cli.js'), 0o755);
  await mkdir(join(root, 'dist/worker'), { recursive: true });
  await writeFile(join(root, 'dist/worker/wrangler.json'), `${JSON.stringify(deployConfig(), null, 2)}\n`);
  await writeFile(join(root, 'dist/worker/options.json'), `${JSON.stringify(readOptions(), null, 2)}\n`);
}

if (import.meta.main) await buildAll();
