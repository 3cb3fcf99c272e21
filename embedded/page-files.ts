import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** What the page consists of. Anything else in its folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Of a file of the page, by its path from the root: what the answer says of it. */
export type PageFiles = Record<string, { type: string; etag: string }>;

/** @param folder of the built page. @returns its files, read once: they change with a build only. */
export function pageFiles(folder: string): PageFiles {
  const files: PageFiles = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 32);
    files[file.slice(folder.length).replaceAll('\\', '/')] = { type, etag: `"${hash}"` };
  }
  return files;
}
