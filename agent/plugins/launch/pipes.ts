import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** What a process prints into, and where that is read. */
interface Pipe {
  reader: Readable;
  /** For the process; whoever gave it to one closes it. */
  writer: number;
}

/**
 * True pipes for standard output and error. What Node calls a pipe is a pair of sockets, on which a program that opens
 * /dev/stdout or /dev/stderr by name fails (ENXIO). Node can make none itself: so two named ones, whose names go at once.
 * @param folder ours alone. @returns null where none can be had: no mkfifo, or a file system without them.
 */
export async function openPipes(folder: string): Promise<{ out: Pipe; err: Pipe } | null> {
  const names = [0, 1].map(() => join(folder, `${randomBytes(8).toString('hex')}.pipe`));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', ...names]);
    // The reader first, which does not wait for a writer; the writer then does not wait for a reader.
    const [out, err] = names.map((path) => ({
      reader: open(path, constants.O_RDONLY | constants.O_NONBLOCK),
      writer: open(path, constants.O_WRONLY),
    }));
    if (out === undefined || err === undefined) return null;
    return { out: pipeOf(out), err: pipeOf(err) };
  } catch {
    for (const fd of opened) closeSync(fd);
    return null;
  } finally {
    for (const path of names) rmSync(path, { force: true });
  }
}

function pipeOf({ reader, writer }: { reader: number; writer: number }): Pipe {
  return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer };
}
