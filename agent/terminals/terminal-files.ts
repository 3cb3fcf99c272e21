import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { Semaphore } from '../../shared/semaphore.ts';
import type { TerminalFile } from '../../shared/terminals.ts';
import { downloadOf } from '../logs/download.ts';
import { checkDisk, isDiskFull } from '../store/disk.ts';

/** Files that come at the same time: of one user, and of all. */
const AT_ONCE = { perKey: 4, slots: 16 };
/** The disk's room is looked at again after so many bytes. */
const LOOK_BYTES = 16 * 1024 * 1024;
const MODE = 0o644;

/** Files into the folder of a terminal and out of it, as its programs would read and write them. In constant memory, whatever their size. */
export class TerminalFiles {
  readonly #slots = new Semaphore({
    ...AT_ONCE,
    refusal: () => new ToruError('busy', `${AT_ONCE.perKey} files of yours are on their way already. Wait for one of them.`),
  });

  /**
   * Stores a file: its bytes come into a file beside it, which takes its name when they are all there.
   * @param where an absolute folder. @param body null for an empty file.
   * @throws ToruError bad_request, not_found, conflict where there is one of that name, disk_full, busy, forbidden
   */
  async put(
    userId: string,
    where: { folder: string; name: string; overwrite: boolean },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<TerminalFile> {
    const { folder, name, overwrite } = where;
    return this.#slots.run(userId, null, async () => {
      const path = join(folder, name);
      try {
        if (!(await stat(folder)).isDirectory()) throw new ToruError('bad_request', `${folder} is no folder.`);
        const before = await lstat(path).catch(() => null);
        if (before !== null && !overwrite) throw exists(path);
        if (before !== null && !before.isFile() && !before.isSymbolicLink())
          throw new ToruError('conflict', `${path} is no file: it is not replaced.`);
        checkDisk(folder);
        const part = join(folder, `.${randomUUID()}.part`);
        try {
          const size = await receive(part, folder, body, before?.isFile() === true ? before.mode : MODE);
          if (overwrite) await rename(part, path);
          else await takeName(part, path);
          return { path, size };
        } finally {
          await rm(part, { force: true });
        }
      } catch (error) {
        throw inWords(error, folder);
      }
    });
  }

  /** A file as a download. @throws ToruError not_found, bad_request for what is no file, forbidden */
  async get(path: string): Promise<{ response: Response; size: number }> {
    // A pipe would keep its reader waiting.
    const opened = (): Promise<FileHandle> => open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    let file: FileHandle;
    try {
      file = await opened();
    } catch (error) {
      throw inWords(error, path);
    }
    const stats = await file.stat();
    await file.close();
    if (stats.isFile()) return { response: downloadOf(opened, stats.size, basename(path)), size: stats.size };
    throw new ToruError('bad_request', `${path} is no file. Of a folder, make an archive first: tar czf folder.tgz folder`);
  }
}

/** A path as whoever types into the terminal would write it. @param cwd of its program. */
export function pathFrom(cwd: string, home: string, path: string): string {
  if (path === '~' || path.startsWith('~/')) return resolve(home, path.slice(2));
  return resolve(cwd, path);
}

async function receive(part: string, folder: string, body: ReadableStream<Uint8Array> | null, mode: number): Promise<number> {
  const file = await open(part, 'wx', 0o600);
  let size = 0;
  let looked = 0;
  try {
    for await (const bytes of body ?? []) {
      await file.writeFile(bytes);
      size += bytes.length;
      if (size - looked < LOOK_BYTES) continue;
      looked = size;
      checkDisk(folder);
    }
    await file.chmod(mode & 0o777);
    await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

/** A second name is made only where there is none; some file systems have no second names. */
async function takeName(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw exists(path);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    await (await open(path, 'wx', MODE)).close();
    await rename(part, path);
  }
}

function exists(path: string): ToruError {
  return new ToruError('conflict', `There is a ${path} already. Give the file another name, or send it with overwrite=1.`);
}

function inWords(error: unknown, path: string): unknown {
  if (isDiskFull(error)) return new ToruError('disk_full', 'The disk is full: the file was not kept. Free some room, then try again.');
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ToruError('not_found', `There is no ${path} on this host.`);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new ToruError('forbidden', `The user that the agent runs as may not do that with ${path}.`);
  if (code === 'EEXIST') return exists(path);
  if (code === 'EISDIR') return new ToruError('bad_request', `${path} is a folder.`);
  if (code === 'ELOOP' || code === 'ENXIO') return new ToruError('bad_request', `${path} is no file.`);
  return error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
