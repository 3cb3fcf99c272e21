import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { defineConfig, type Plugin } from 'vite';
import { CHUNKS, chunkOf, type Modules } from './chunks.ts';
import { iconImports } from './icon-imports.ts';

/** Files may be loaded in any order; so each says in which order the layers count. */
const layers: Plugin = {
  name: 'css-layers',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.css') && code.includes('@layer') ? `@layer tokens, base, parts, pages, helpers;\n${code}` : null),
};

/** Nothing is painted before the script has chosen light or dark: a page that flashes white at night is no good page. */
const noFlash: Plugin = {
  name: 'no-flash',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

const here = (path: string): string => decodeURIComponent(new URL(path, import.meta.url).pathname);

/** /plugin-frame.html, whole in one file: in its opaque origin it could load nothing. */
const pluginFrame: Plugin = {
  name: 'plugin-frame',
  async generateBundle() {
    const options = { bundle: true, minify: true, format: 'iife', target: 'es2022', write: false } as const;
    const { outputFiles } = await build({ ...options, entryPoints: [here('plugin-frame/frame.ts')] });
    const script = outputFiles.map(({ text }) => text.trim()).join('');
    const html = readFileSync(here('plugin-frame/frame.html'), 'utf8').replace('<!-- script -->', () => `<script>${script}</script>`);
    this.emitFile({ type: 'asset', fileName: 'plugin-frame.html', source: html });
  },
};

/** Places whose code loads late, and what they begin with. */
const LATE: Readonly<Record<string, readonly string[]>> = {
  '/login': ['pages/login.tsx'],
  '/': ['parts/glyph-set.ts'],
  '/a/*': ['pages/action-app.tsx', 'parts/glyph-set.ts'],
  '/runs/*': ['pages/run.tsx'],
  ...Object.fromEntries(
    ['runs', 'search', 'workflows', 'scripts', 'plugins', 'system', 'users', 'audit', 'settings', 'hosts', 'account'].map((place) => [
      `/${place}`,
      [`pages/${place}.tsx`],
    ]),
  ),
};

/** /preloads.json, from which the Worker tells a browser what these places load (worker/http/preload-hints.ts), and has its texts (first-paint.ts). */
const preloads: Plugin = {
  name: 'preloads',
  generateBundle(_options, bundle) {
    const chunks = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? [file] : []));
    const filesOf = (name: string): string[] => {
      const chunk = chunks.find(({ fileName }) => fileName === name);
      if (chunk === undefined || chunk.isEntry) return [];
      return [...chunk.imports.flatMap(filesOf), name, ...(chunk.viteMetadata?.importedCss ?? [])];
    };
    const languages = Object.values(bundle).flatMap(({ fileName }) => {
      const language = /^assets\/([a-z]{2,3}(?:-[A-Za-z]{2,4})?)-[\w-]{8}\.json$/.exec(fileName)?.[1];
      return language === undefined ? [] : [[language, `/${fileName}`]];
    });
    const files = Object.entries(LATE).map(([place, modules]) => {
      const names = modules.flatMap((module) => {
        const chunk = chunks.find(({ moduleIds }) => moduleIds.includes(here(module)));
        if (chunk === undefined) throw new Error(`no file of the page has ${module}`);
        return filesOf(chunk.fileName);
      });
      return [place, [...new Set(names)].map((name) => `/${name}`)] as const;
    });
    this.emitFile({
      type: 'asset',
      fileName: 'preloads.json',
      source: JSON.stringify({ places: Object.fromEntries(files), languages: Object.fromEntries(languages) }),
    });
  },
};

/** /sw.js, which knows the names of all files of the page, and is of another build when they are. */
const serviceWorker: Plugin = {
  name: 'service-worker',
  async generateBundle(_options, bundle) {
    const files = Object.values(bundle);
    const all = files.map(({ fileName }) => fileName).filter((name) => name.startsWith('assets/'));
    const entries = files.flatMap((file) => (file.type === 'chunk' && file.isEntry ? [file] : []));
    const first = entries.flatMap((file) => [file.fileName, ...(file.viteMetadata?.importedCss ?? [])]);
    const lonely = files.flatMap((file) =>
      file.type === 'chunk' && file.moduleIds.includes(here('pages/not-started.tsx')) ? [file.fileName] : [],
    );
    if (lonely.length === 0) throw new Error('no file of the page has what it says where nobody answers');
    const paths = (names: readonly string[]): string => JSON.stringify([...new Set(names)].sort().map((name) => `/${name}`));
    const { outputFiles } = await build({
      bundle: true,
      minify: true,
      format: 'iife',
      target: 'es2022',
      write: false,
      entryPoints: [here('service-worker/sw.ts')],
      define: { FIRST_FILES: paths(first), LONELY_FILES: paths(lonely), ALL_FILES: paths(all) },
    });
    this.emitFile({ type: 'asset', fileName: 'sw.js', source: outputFiles.map(({ text }) => text).join('') });
  },
};

/**
 * What stands around each import of code that loads late: its styles first, and word of a part that can't be had (main.tsx). Vite's own
 * does more than this page needs (its list of what to load beforehand holds styles only), for three times the bytes of the first load.
 */
const lateImports: Plugin = {
  name: 'late-imports',
  apply: 'build',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? readFileSync(here('late-import.js'), 'utf8') : null),
  renderStart() {
    if (this.getModuleInfo('\0vite/preload-helper.js') === null) throw new Error('Vite names its preload helper otherwise by now');
  },
};

let chunk: ReturnType<typeof chunkOf> | null = null;
/** The bundler asks of each module, when it knows all of them; the first group takes what its modules import along with them. */
const chunkGroups = CHUNKS.map((name, i) => ({
  debugName: name,
  priority: CHUNKS.length - i,
  name(id: string, bundler: { getModuleInfo: Modules }): string | null {
    chunk ??= chunkOf(here('index.html'), (of) => bundler.getModuleInfo(of));
    return chunk(id) === name ? name : null;
  },
}));

/** Where `npm run dev` lets a Toru run, for the page that Vite serves: its API (the page has a module api.ts, too), and the frame, which only a build makes. */
const toru = `http://127.0.0.1:${process.env['STEERING_PORT'] ?? 3000}`;

/** The page, built to `dist/page`. Everything that is loaded stands under /assets/, where the page's CSP looks for it. */
export default defineConfig({
  root: here('.'),
  plugins: [iconImports(), lateImports, layers, noFlash, pluginFrame, preloads, serviceWorker],
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsDir: 'assets',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // Every asset a file: an inlined one would be a data: URL, which the CSP allows for images only.
    assetsInlineLimit: 0,
    // Parts load late with little beside the first file: a list of what each of them imports would weigh more there than it saves.
    modulePreload: { polyfill: false, resolveDependencies: (_, files) => files.filter((file) => file.endsWith('.css')) },
    rolldownOptions: { output: { codeSplitting: { groups: chunkGroups } } },
  },
  server: { proxy: { '^/api/': { target: toru, ws: true }, '/plugin-frame.html': toru, '/icons/': toru, '^/(a/[^/]+/)?manifest': toru } },
});
