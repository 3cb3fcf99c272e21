import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { createTarDecoder, packTar } from 'modern-tar';
import { ToruError } from '../../../shared/errors.ts';
import { streamed } from '../../http/streamed.ts';
import { MAX_BYTES, MAX_FILES } from './tree.ts';

/** A plugin as one file: a gzipped tar of its folder, without hidden files. */

/** Of a path in it. */
const MAX_PATH = 200;
/** Headers and filling come on top of the files. */
const MAX_TAR = MAX_BYTES + MAX_FILES * 2048;

export interface ArchivedFile {
  /** From the plugin's folder: no step up, nothing hidden. */
  path: string;
  executable: boolean;
  size: number;
}

/**
 * Goes through an archive once, and refuses all that is no plain file with a plain path.
 * @param each gets every file in order; what of the body it leaves is skipped.
 * @throws ToruError plugin_invalid
 */
export async function readArchive(
  file: string,
  each: (entry: ArchivedFile, body: ReadableStream<Uint8Array>) => Promise<void>,
): Promise<void> {
  const input = createReadStream(file);
  const unzipped = createGunzip();
  input.on('error', (error) => unzipped.destroy(error));
  const decoder = createTarDecoder({ strict: true });
  const reader = streamed(bounded(input.pipe(unzipped)))
    .pipeThrough(decoder)
    .getReader();
  let [files, bytes] = [0, 0];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const { header, body } = value;
      const path = plainPath(header.name);
      if (header.type === 'directory' || path === null) {
        await body.cancel();
        continue;
      }
      if (header.type !== 'file') refuse(`“${path}” in it is a ${header.type ?? 'thing'}, not a file`);
      files += 1;
      bytes += header.size;
      if (files > MAX_FILES || bytes > MAX_BYTES) refuse(`it holds more than ${MAX_FILES} files or ${MAX_BYTES / 1024 / 1024} MiB`);
      await each({ path, executable: ((header.mode ?? 0) & 0o100) !== 0, size: header.size }, body);
    }
  } catch (error) {
    if (error instanceof ToruError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('E')) throw error;
    throw new ToruError('plugin_invalid', 'That is no whole .tgz archive. Nothing was installed.', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
    input.destroy();
    unzipped.destroy();
  }
}

/** @returns null for what is hidden: left out. @throws ToruError plugin_invalid for a way out of the folder */
export function plainPath(name: string): string | null {
  const path = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  const parts = path.split('/');
  const shown = JSON.stringify(name.slice(0, MAX_PATH));
  if (path.startsWith('/') || parts.includes('..')) refuse(`${shown} in it leads out of its folder`);
  if (path.length > MAX_PATH || /[\\\p{Cc}]/u.test(path) || (path !== '' && parts.includes(''))) refuse(`${shown} in it is no plain path`);
  return parts.some((part) => part === '' || part.startsWith('.')) ? null : path;
}

/** The files of a plugin's folder, in order, without hidden ones. @throws ToruError plugin_invalid for links and devices. */
export async function filesOf(folder: string, inside = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await readdir(join(folder, inside), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesOf(folder, path)));
    else if (entry.isFile()) found.push(path);
    else refuse(`“${path}” is a link or a device. A plugin is made of files only`);
    if (found.length > MAX_FILES) refuse(`it holds more than ${MAX_FILES} files. Leave out what it does not need`);
  }
  return found;
}

/** Folder → archive. The same files give the same bytes, wherever and whenever it is packed. */
export async function packFolder(folder: string, isExecutable: (path: string) => boolean): Promise<Buffer> {
  const entries = [];
  let bytes = 0;
  for (const path of await filesOf(folder)) {
    const body = await readFile(join(folder, path));
    bytes += body.length;
    if (bytes > MAX_BYTES) refuse(`it holds more than ${MAX_BYTES / 1024 / 1024} MiB. Leave out what it does not need`);
    if (plainPath(path) !== path) refuse(`“${path}” is no plain path`);
    const mode = isExecutable(path) ? 0o755 : 0o644;
    entries.push({ header: { name: path, size: body.length, mode, mtime: new Date(0), type: 'file' as const, uid: 0, gid: 0 }, body });
  }
  const zipped = await promisify(gzip)(await packTar(entries), { level: 9 });
  // The byte that names the system: “unknown”.
  zipped[9] = 255;
  return zipped;
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_TAR) refuse(`unpacked it is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    yield chunk;
  }
}

function refuse(why: string): never {
  throw new ToruError('plugin_invalid', `This plugin can’t be taken: ${why}.`);
}
