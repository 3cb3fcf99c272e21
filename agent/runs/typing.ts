import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { ToruError } from '../../shared/errors.ts';
import { MAX_STDIN_FRAME } from '../../shared/limits.ts';

/** Writes a text into a pipe and closes it. A reader that leaves before the end is its own business. */
export function feed(fd: number, text: string): void {
  const pipe = new Socket({ fd, readable: false, writable: true });
  pipe.on('error', () => pipe.destroy());
  pipe.end(text);
}

/** What viewers type into one run. The pipe is opened at the first stroke; a script that does not read fills it. */
export class Typing {
  readonly #fifo: string;
  #pipe: Socket | null = null;

  constructor(fifo: string) {
    this.#fifo = fifo;
  }

  /** @throws ToruError input_not_accepted when nobody reads, or what was typed before still waits. */
  write(data: string): void {
    const pipe = this.#pipe ?? this.#open();
    if (pipe.writableLength + Buffer.byteLength(data) > MAX_STDIN_FRAME) {
      throw new ToruError('input_not_accepted', 'The script has not read what was typed before. Wait until it asks for more.');
    }
    pipe.write(data);
  }

  close(): void {
    this.#pipe?.destroy();
    this.#pipe = null;
  }

  #open(): Socket {
    let fd: number;
    try {
      // Without O_NONBLOCK this would wait for a reader.
      fd = openSync(this.#fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw new ToruError('input_not_accepted', 'The script does not read its standard input any more.', { cause });
    }
    const pipe = new Socket({ fd, readable: false, writable: true });
    pipe.unref();
    pipe.on('error', () => {
      if (this.#pipe === pipe) this.#pipe = null;
      pipe.destroy();
    });
    this.#pipe = pipe;
    return pipe;
  }
}
