import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const manifest = z.object({ name: z.literal('toru'), version: z.string() });

/** The folder of Toru's package.json: the same for the sources and for what was built into dist/. @throws when the file was moved out of it. */
export function packageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (readManifest(folder) !== null) return folder;
    if (folder === dirname(folder)) throw new Error('Toru is not complete: its package.json is missing. Install it again.');
  }
}

/** As in package.json: `1.2.3`. */
export function packageVersion(): string {
  return readManifest(packageRoot())?.version ?? '0.0.0';
}

function readManifest(folder: string): z.infer<typeof manifest> | null {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return null;
  const read = manifest.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return read.success ? read.data : null;
}
