import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './root.ts';

/** The first load of the page, gzipped, in KB of 1,024 bytes: 35.3 and 9.8 were reached. Its script is no part of the first paint of login and home any more (worker/http/first-paint.ts); 45 are the limit. */
const BUDGET = { js: 35.8, css: 9.9 };
/** What every page brings behind its first paint (worker/ui/chunks.ts), in the same KB: 11.1 were reached. */
const BEHIND = { name: 'parts', most: 11.2 };
/** The scripts of a page beyond both, in the same KB: 25.6 were reached for a run, whose target is 14: what a first line may need is more than that. */
const PAGES = { 'pages/run.tsx': 25.8, 'pages/system.tsx': 24 };

/** The part that is read of Vite's entry for a file that it built. */
interface Chunk {
  file: string;
  name?: string;
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

/** What every page brings behind its first paint. */
export function behindLoad(manifest: Record<string, Chunk>): string[] {
  return Object.values(manifest).flatMap(({ name, file }) => (name === BEHIND.name ? [file] : []));
}

/** What a page loads beyond both. */
export function pageLoad(manifest: Record<string, Chunk>, page: string): string[] {
  const known = [...firstLoad(manifest), ...behindLoad(manifest)];
  return loadedBy(manifest, [page]).filter((file) => !known.includes(file));
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
  const late = [
    { what: 'behind the first paint', files: behindLoad(manifest), most: BEHIND.most },
    ...Object.entries(PAGES).map(([page, most]) => ({ what: `of ${page} beyond both`, files: pageLoad(manifest, page), most })),
  ].map(({ files, ...part }) => ({
    ...part,
    size: files.filter((file) => file.endsWith('.js')).reduce((total, file) => total + sizeOf(file), 0),
  }));
  for (const { what, most, size } of late)
    process.stdout.write(`${size.toFixed(1).padStart(7)} KB  js ${what}, of ${most} KB${size > most ? ': TOO MUCH' : ''}\n`);
  if (sum.js === 0) throw new Error('dist/page-manifest.json names no script: has the build changed?');
  if (late[0]?.size === 0) throw new Error(`no file of the page is named ${BEHIND.name}: has the build changed?`);
  return sum.js <= BUDGET.js && sum.css <= BUDGET.css && late.every(({ size, most }) => size <= most);
}

if (import.meta.main) process.exitCode = main() ? 0 : 1;
