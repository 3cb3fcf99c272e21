import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './root.ts';

/** The first load of the page, gzipped, in KB of 1,024 bytes. */
const BUDGET = { js: 43, css: 9.5 };
/** The scripts of a page beyond the first load, in the same KB: told, and no failure. */
const PAGES = { 'pages/run.tsx': 14, 'pages/system.tsx': 24 };

/** The part that is read of Vite's entry for a file that it built. */
interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

/** The files that a browser loads before it draws anything: the entries, what they import statically, and their styles. */
export function firstLoad(manifest: Record<string, Chunk>): string[] {
  return loadedBy(
    manifest,
    Object.keys(manifest).filter((key) => manifest[key]?.isEntry === true),
  );
}

/** What a page loads beyond that. */
export function pageLoad(manifest: Record<string, Chunk>, page: string): string[] {
  const first = firstLoad(manifest);
  return loadedBy(manifest, [page]).filter((file) => !first.includes(file));
}

function loadedBy(manifest: Record<string, Chunk>, keys: readonly string[]): string[] {
  const files = new Set<string>();
  const visit = (key: string): void => {
    const chunk = manifest[key];
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    chunk.imports?.forEach(visit);
  };
  for (const key of keys) visit(key);
  return [...files];
}

function main(): boolean {
  const folder = join(root, 'dist', 'page');
  const manifest: Record<string, Chunk> = JSON.parse(readFileSync(join(root, 'dist', 'page-manifest.json'), 'utf8'));
  const sizeOf = (file: string): number => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length / 1024;
  const sum = { js: 0, css: 0 };
  for (const file of firstLoad(manifest)) {
    const kind = file.endsWith('.css') ? 'css' : 'js';
    const size = sizeOf(file);
    sum[kind] += size;
    process.stdout.write(`${size.toFixed(1).padStart(7)} KB  ${file}\n`);
  }
  for (const kind of ['js', 'css'] as const) {
    const within = sum[kind] <= BUDGET[kind];
    process.stdout.write(`${sum[kind].toFixed(1).padStart(7)} KB  ${kind} in all, of ${BUDGET[kind]} KB${within ? '' : ': TOO MUCH'}\n`);
  }
  for (const [page, most] of Object.entries(PAGES)) {
    const scripts = pageLoad(manifest, page).filter((file) => file.endsWith('.js'));
    const size = scripts.reduce((total, file) => total + sizeOf(file), 0);
    process.stdout.write(
      `${size.toFixed(1).padStart(7)} KB  js of ${page} beyond that, of ${most} KB${size > most ? ': more than its target' : ''}\n`,
    );
  }
  if (sum.js === 0) throw new Error('dist/page-manifest.json names no script: has the build changed?');
  return sum.js <= BUDGET.js && sum.css <= BUDGET.css;
}

if (import.meta.main) process.exitCode = main() ? 0 : 1;
