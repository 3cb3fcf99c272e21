import { createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TerminalFile } from '../../shared/terminals.ts';
import { streamOf } from '../logs/download.ts';
import type { Client } from './agent-client.ts';
import { BYTES, good } from './agent-client.ts';
import type { Io } from './io.ts';
import { UsageError } from './io.ts';

/** Sends a file as it is read. @throws UsageError when it can't be read; ToruError */
export async function putFile(
  client: Client,
  id: string,
  file: string,
  { to, overwrite }: { to?: string | undefined; overwrite?: boolean | undefined },
): Promise<TerminalFile> {
  const found = await stat(file).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  if (!found.isFile()) throw new UsageError(`${file} is no file. Of a folder, make an archive first: tar czf folder.tgz folder`);
  const query = {
    name: basename(file),
    ...(to === undefined ? {} : { path: to }),
    ...(overwrite === true ? { overwrite: '1' as const } : {}),
  };
  const headers = { 'content-type': BYTES, 'content-length': String(found.size) };
  const body = streamOf(() => open(file), found.size);
  const init = { body, headers, duplex: 'half' };
  return (await good(client.terminals[':id'].files.$put({ param: { id }, query }, { init }))).json();
}

/** Takes a file as it comes. Nothing is replaced, and half a file is removed. @throws UsageError, ToruError */
export async function getFile(client: Client, id: string, path: string, { to }: { to?: string | undefined }, io: Io): Promise<void> {
  const { body } = await good(client.terminals[':id'].files.$get({ param: { id }, query: { path } }));
  if (to === '-') {
    for await (const bytes of body ?? []) await io.out.write(bytes);
    return;
  }
  const isFolder = to !== undefined && (await stat(to).catch(() => null))?.isDirectory() === true;
  const file = to === undefined ? basename(path) : isFolder ? join(to, basename(path)) : to;
  try {
    await pipeline(body ?? [], createWriteStream(file, { flags: 'wx' }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new UsageError(`There is a ${file} already: choose another name with --to.`);
    await rm(file, { force: true });
    throw error;
  }
}
