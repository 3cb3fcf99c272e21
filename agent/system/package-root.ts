import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const manifest = z.object({ name: z.literal('toru') });

/** The folder of Toru's package.json: the same for the sources and for what was built into dist/. @throws when the file was moved out of it. */
export function packageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (isRoot(folder)) return folder;
    if (folder === dirname(folder)) throw new Error('Toru is not complete: its package.json is missing. Install it again.');
  }
}

function isRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && manifest.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success;
}
