import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { execaNode } from 'execa';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist/plugin-sdk');
const TEMPLATES = 'plugin-sdk/templates';
/** Of all templates: page, tests, package.json. */
const COMMON = 'common';
/** Types of the SDK beside those of what it bundles, of which nothing is public. */
const types = join(root, 'dist/plugin-sdk-types');

/**
 * What a plugin carries in its folder `toru-sdk`: a module each for the plugin, its tests and its page, with their types. What
 * they share with Toru, such as the streams of bodies, is bundled in.
 * Beside it the templates of `toru plugin new`, each with what is common to all of them, and the examples, whole, ready to be
 * installed.
 */
async function buildSdk(): Promise<void> {
  await Promise.all([
    build({
      absWorkingDir: root,
      entryPoints: ['index', 'testing', 'page'].map((name) => `plugin-sdk/src/${name}.ts`),
      outdir: out,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      logLevel: 'warning',
      banner: { js: '// The SDK of Toru’s plugins, MIT licensed. Made from plugin-sdk/ of Toru: change it there.' },
    }),
    execaNode('node_modules/typescript/bin/tsc', ['-p', 'plugin-sdk/tsconfig.build.json'], { cwd: root, stdio: 'inherit' }),
  ]);
  // Nothing public is in body.d.ts, which names what is bundled in.
  cpSync(join(types, 'plugin-sdk/src'), out, { recursive: true, filter: (from) => !from.endsWith('body.d.ts') });
  rmSync(types, { recursive: true });
  cpSync(join(root, 'plugin-sdk/package.json'), join(out, 'package.json'));
  for (const [from, to] of [
    [TEMPLATES, 'dist/plugin-templates'],
    ['examples/plugins', 'dist/examples/plugins'],
  ] as const) {
    for (const name of foldersIn(join(root, from))) {
      const folder = join(root, to, name);
      mkdirSync(folder, { recursive: true });
      cpSync(join(root, from, name), folder, { recursive: true });
      if (from === TEMPLATES) addCommon(folder);
      cpSync(out, join(folder, 'toru-sdk'), { recursive: true });
      if (existsSync(join(folder, 'plugin.py'))) cpSync(join(root, TEMPLATES, 'python/toru.py'), join(folder, 'toru.py'));
    }
  }
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== COMMON).map(({ name }) => name);
}

/** Adds what is common to all templates; the tests of a plugin in TypeScript are TypeScript, too. */
function addCommon(folder: string): void {
  cpSync(join(root, TEMPLATES, COMMON), folder, { recursive: true });
  if (existsSync(join(folder, 'plugin.ts'))) renameSync(join(folder, 'plugin.test.js'), join(folder, 'plugin.test.ts'));
}

if (import.meta.main) await buildSdk();
