import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { ToruError } from '../../../shared/errors.ts';

/** Files of plugins, read as what they were when somebody looked: a pipe or a device put in their place never makes the agent wait. */

/** @throws ToruError plugin_invalid for what is no plain file, what the system says otherwise. */
export async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new ToruError('plugin_invalid', 'A pipe or a device stands where one of its files was.');
}

/**
 * The bytes of a file whose hash is known.
 * @param sha256 as it was accepted, or found. @returns null when they are others now, or more than `maxBytes`.
 */
export async function readKnown(path: string, sha256: string, maxBytes: number): Promise<Buffer | null> {
  await using file = await openPlain(path);
  if ((await file.stat()).size > maxBytes) return null;
  const bytes = await file.readFile();
  return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null;
}
