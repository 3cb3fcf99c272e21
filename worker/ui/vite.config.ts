import { defineConfig } from 'vite';

/** The page, built to `dist/page`. Everything that is loaded stands under /assets/, where the page's CSP looks for it. */
export default defineConfig({
  root: decodeURIComponent(new URL('.', import.meta.url).pathname),
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsDir: 'assets',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // Every asset a file: an inlined one would be a data: URL, which the CSP allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:3000', ws: true } } },
});
