import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { streamed } from '../http/streamed.ts';
import type { Revision } from './revisions.ts';

/**
 * The files of a revision as a tar archive (POSIX ustar, with pax headers for long names): the same bytes for the same files, whoever reads
 * them and when. Owners and times are left out, and so is `.git`. Nothing of TORU_HOME but the checked-out files is in it.
 */

const BLOCK = 512;
const CHUNK = 64 * 1024;
/** Where the files of a library lie in the archive. */
const LIBRARIES = '_libraries';

interface Entry {
  name: string;
  type: '0' | '2' | '5' | 'x';
  mode: number;
  size: number;
  link?: string;
}

/** As an answer. @param known of the request: the revisions that the reader has */
export function tarballResponse(revision: Revision, known: string | undefined): Response {
  const etag = `"${revision.revision}"`;
  const headers = { etag, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (tags.includes(etag) || tags.includes('*')) return new Response(null, { status: 304, headers });
  const name = `${revision.workspace}-${revision.revision.slice(0, 12)}.tar`;
  return new Response(streamed(tarOf(revision)), {
    headers: { ...headers, 'content-type': 'application/x-tar', 'content-disposition': `attachment; filename="${name}"` },
  });
}

/** @throws ToruError conflict when a file is shorter than it was when it was begun: a reader must not take half of it for all. */
async function* tarOf({ folder, definitions }: Revision): AsyncGenerator<Uint8Array> {
  yield* filesBelow(folder, '', '');
  for (const [name, library] of Object.entries(definitions.libraries).sort(([a], [b]) => (a < b ? -1 : 1)))
    yield* filesBelow(library.folder, '', `${LIBRARIES}/${name}/`);
  yield new Uint8Array(2 * BLOCK);
}

async function* filesBelow(root: string, below: string, under: string): AsyncGenerator<Uint8Array> {
  const names = (await readdir(join(root, below))).sort();
  for (const name of names) {
    if (name === '.git') continue;
    const path = below === '' ? name : `${below}/${name}`;
    const found = await lstat(join(root, path)).catch(() => null);
    if (found === null) continue;
    if (found.isDirectory()) {
      yield* headOf({ name: `${under}${path}/`, type: '5', mode: 0o755, size: 0 });
      yield* filesBelow(root, path, under);
    } else if (found.isSymbolicLink()) {
      const link = await readlink(join(root, path));
      // A link that leads out says more of this host than of the workspace.
      if (!leadsOut(path, link)) yield* headOf({ name: `${under}${path}`, type: '2', mode: 0o777, size: 0, link });
    } else if (found.isFile()) yield* fileOf(join(root, path), `${under}${path}`);
  }
}

async function* fileOf(path: string, name: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mode } = await file.stat();
    yield* headOf({ name, type: '0', mode: (mode & 0o100) === 0 ? 0o644 : 0o755, size });
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK, size - at)), 0, Math.min(CHUNK, size - at), at);
      if (bytesRead === 0) throw new ToruError('conflict', `${name} became shorter while it was read. Fetch the archive again.`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    if (size % BLOCK > 0) yield new Uint8Array(BLOCK - (size % BLOCK));
  } finally {
    await file.close();
  }
}

function leadsOut(path: string, link: string): boolean {
  const target = posix.normalize(posix.join(posix.dirname(path), link));
  return posix.isAbsolute(link) || target === '..' || target.startsWith('../');
}

function* headOf(entry: Entry): Generator<Uint8Array> {
  const { name, link = '' } = entry;
  const long = [...(isShort(name) ? [] : [record('path', name)]), ...(isShort(link) ? [] : [record('linkpath', link)])].join('');
  if (long !== '') {
    const bytes = Buffer.from(long);
    yield header({ name: 'pax', type: 'x', mode: 0o644, size: bytes.length });
    yield bytes;
    if (bytes.length % BLOCK > 0) yield new Uint8Array(BLOCK - (bytes.length % BLOCK));
  }
  yield header(entry);
}

const isShort = (text: string): boolean => Buffer.byteLength(text) <= 100;

/** `LENGTH key=value\n`, whose length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(`${length}${rest}`)) length = Buffer.byteLength(`${length}${rest}`);
  return `${length}${rest}`;
}

function header({ name, type, mode, size, link = '' }: Entry): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const put = (text: string | Uint8Array, at: number, most: number): void => void Buffer.from(text).subarray(0, most).copy(block, at);
  put(name, 0, 100);
  put(octal(mode, 8), 100, 8);
  put(octal(0, 8), 108, 8);
  put(octal(0, 8), 116, 8);
  if (size < 8 ** 11) put(octal(size, 12), 124, 12);
  // Beyond eleven octal digits (8 GiB) in base 256, as GNU tar and star do.
  else {
    block.writeBigUInt64BE(BigInt(size), 128);
    block[124] = 0x80;
  }
  put(octal(0, 12), 136, 12);
  put('        ', 148, 8);
  put(type, 156, 1);
  put(link, 157, 100);
  put('ustar\x0000', 257, 8);
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}
