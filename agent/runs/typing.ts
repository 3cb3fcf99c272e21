import { closeSync, constants, existsSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { ToruError } from '../../shared/errors.ts';
import { MAX_STDIN_FRAME } from '../../shared/limits.ts';

/** Writes a text into a pipe and closes it. A reader that leaves before the end is its own business. */
export function feed(fd: number, text: string): void {
  const pipe = new Socket({ fd, readable: false, writable: true });
  pipe.on('error', () => pipe.destroy());
  pipe.end(text);
}

/**
 * What viewers type into one run, and its end. The pipe is opened at the first stroke; a script that does not read fills it.
 * The end is kept on the disk: the input's name goes first, so that nobody writes after it, and the name of `hold` last.
 */
export class Typing {
  readonly #fifo: string;
  readonly #hold: string;
  #pipe: Socket | null = null;

  /** @param fifo what the script reads. @param hold what keeps that open. */
  constructor(fifo: string, hold: string) {
    this.#fifo = fifo;
    this.#hold = hold;
  }

  /** After a restart of the agent: an end that was asked for comes. */
  takeUp(): void {
    if (!existsSync(this.#fifo) && existsSync(this.#hold)) this.#letGo();
  }

  /**
   * The script reads what was typed until now, and then the end. Once more changes nothing.
   * @throws ToruError input_not_accepted for a run that an earlier version started.
   */
  end(): void {
    if (!existsSync(this.#fifo)) return;
    if (!existsSync(this.#hold))
      throw new ToruError('input_not_accepted', 'This run was started by an earlier version of Toru: its input has no end. Cancel it.');
    rmSync(this.#fifo);
    const pipe = this.#pipe;
    if (pipe === null) this.#letGo();
    else pipe.once('close', () => this.#letGo()).end();
  }

  /** @throws ToruError input_not_accepted when nobody reads, or what was typed before still waits. */
  write(data: string): void {
    if (!existsSync(this.#fifo)) throw new ToruError('input_not_accepted', 'Its input has ended: nothing more can be typed.');
    const pipe = this.#pipe ?? this.#open();
    if (pipe.writableLength + Buffer.byteLength(data) > MAX_STDIN_FRAME) {
      throw new ToruError('input_not_accepted', 'The script has not read what was typed before. Wait until it asks for more.', {
        extra: { retry: true },
      });
    }
    pipe.write(data);
  }

  close(): void {
    this.#pipe?.destroy();
    this.#pipe = null;
  }

  /** Whoever waits to open it, or will in a moment, leaves; with them goes the last writer. */
  #letGo(): void {
    try {
      const fd = openSync(this.#hold, 'r+');
      unlinkSync(this.#hold);
      closeSync(fd);
    } catch {
      // The run has ended meanwhile, and its files are gone.
    }
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
