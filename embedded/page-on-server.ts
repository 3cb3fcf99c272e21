import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';
import { iconsAlone } from '../worker/ui/icon-imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'worker/ui/on-server/render.tsx';
/** What loads late in a browser, and is drawn by the Worker, too. Any other late part stays out: it is not drawn at first. */
const DRAWN = /^\.\/(?:pages\/(?:login|run|action-app)\.tsx|glyph-set\.ts)$/;

/**
 * `toru:page-on-server`: the page's components as the Worker draws them, one module without a browser. Its names for what a browser
 * has lead to worker/ui/on-server/browserless.ts, in this module alone.
 */
export const pageOnServer: Plugin = {
  name: 'page-on-server',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^toru:page-on-server$/ }, () => ({ path: 'page-on-server', namespace: 'page-on-server' }));
    onLoad({ filter: /.*/, namespace: 'page-on-server' }, async () => {
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: [ENTRY],
        bundle: true,
        write: false,
        format: 'esm',
        target: 'es2024',
        conditions: ['workerd', 'worker', 'browser'],
        jsx: 'automatic',
        jsxImportSource: 'preact',
        minifyWhitespace: true,
        loader: { '.css': 'empty' },
        inject: [join(root, 'worker/ui/on-server/browserless.ts')],
        plugins: [drawnOnly, icons],
        logLevel: 'warning',
      });
      return { contents: outputFiles[0]?.text ?? '', loader: 'js', resolveDir: root };
    });
  },
};

const drawnOnly: Plugin = {
  name: 'drawn-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ kind, path }) =>
      kind === 'dynamic-import' && !DRAWN.test(path) ? { path, namespace: 'not-drawn' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'not-drawn' }, () => ({ contents: 'export {};' }));
  },
};

/** The icons as the page has them: other elements would be drawn again by its script. */
const icons: Plugin = {
  name: 'icons',
  setup({ onLoad }) {
    const alone = iconsAlone();
    onLoad({ filter: /\/lucide-preact\/.*\/icons\// }, async ({ path }) => ({ contents: (await alone.load(path)) ?? '', loader: 'js' }));
    onLoad({ filter: /\/worker\/ui\/.*\.tsx?$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8');
      return { contents: alone.transform(code, path) ?? code, loader: extname(path) === '.tsx' ? 'tsx' : 'ts' };
    });
  },
};
