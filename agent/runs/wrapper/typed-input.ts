import { closeSync, constants, existsSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ToruError } from '../../../shared/errors.ts';
import { MAX_STDIN_FRAME } from '../../../shared/limits.ts';
import type { RunSize } from '../../../shared/terminal-size.ts';
import { waitsFor } from '../../process/blocked-read.ts';
import type { TtyMessage } from '../../pty/tty-run.ts';

/** The FIFO or file in a run's folder that its script reads from. */
export const STDIN_FILE = 'stdin';
/** Opening this FIFO ends what a script reads, where viewers may type: see wrapper.ts. */
export const HOLD_FILE = 'hold';

/** Writes a text into a pipe and closes it. A reader may leave before the end. */
export function feed(fd: number, text: string): void {
  const pipe = new Socket({ fd, readable: false, writable: true });
  pipe.on('error', () => pipe.destroy());
  pipe.end(text);
}

/** Ctrl-D: the end of what a program reads from a terminal. */
const END_OF_TRANSMISSION = '\u0004';

/**
 * The standard input of one run into which viewers type: bytes, or messages to the program that has the script's terminal. The pipe is opened at the first stroke; a script that does not read lets it
 * fill up. An end of the input is kept on the disk: the pipe's name goes first, so that nobody writes after the end, and the name of
 * `hold` last.
 */
export class TypedInput {
  readonly #fifo: string;
  readonly #hold: string;
  readonly #tty: boolean;
  #pipe: Socket | null = null;

  /** @param folder the run's. @param tty does the script have a terminal? */
  constructor(folder: string, tty: boolean) {
    this.#tty = tty;
    this.#fifo = join(folder, STDIN_FILE);
    this.#hold = join(folder, HOLD_FILE);
  }

  /** After a restart of the agent: an end of the input that was requested before comes now. */
  resume(): void {
    if (!existsSync(this.#fifo) && existsSync(this.#hold)) this.#openHold();
  }

  /**
   * Ends the input: the script reads what was typed until now, and then the end. A second call changes nothing. A terminal's input has
   * no end of its own: Ctrl-D is typed there, as often as it is asked for.
   * @throws ToruError input_not_accepted for a run that an earlier version started.
   */
  end(): void {
    if (this.#tty) return this.write(END_OF_TRANSMISSION);
    if (!existsSync(this.#fifo)) return;
    if (!existsSync(this.#hold))
      throw new ToruError('input_not_accepted', 'This run was started by an earlier version of Toru: its input has no end. Cancel it.');
    rmSync(this.#fifo);
    const pipe = this.#pipe;
    if (pipe === null) this.#openHold();
    else pipe.once('close', () => this.#openHold()).end();
  }

  /** @throws ToruError input_not_accepted when nobody reads, or earlier input still waits. */
  write(data: string): void {
    this.#push(this.#tty ? encode({ data }) : data);
  }

  /** The size of the script's terminal. @throws ToruError input_not_accepted */
  resize({ cols, rows, viewer }: RunSize): void {
    this.#push(encode({ cols, rows, viewer }));
  }

  /** Has all that was typed left the agent? */
  get sent(): boolean {
    return (this.#pipe?.writableLength ?? 0) === 0;
  }

  #push(data: string): void {
    if (!existsSync(this.#fifo)) throw new ToruError('input_not_accepted', 'Its input has ended: nothing more can be typed.');
    const pipe = this.#pipe ?? this.#open();
    const waiting = pipe.writableLength;
    // A message is longer than what it says.
    if (this.#tty ? waiting > MAX_STDIN_FRAME : waiting + Buffer.byteLength(data) > MAX_STDIN_FRAME) {
      throw new ToruError('input_not_accepted', 'The script has not read what was typed before. Wait until it asks for more.', {
        extra: { retry: true },
      });
    }
    pipe.write(data);
  }

  /** Has the script, or a process that it started, read all that was typed, and does it wait for more? @param pids the script's. */
  wantedBy(pids: Iterable<number>): boolean {
    if (!this.sent) return false;
    const pipe = statSync(this.#fifo, { throwIfNoEntry: false });
    return pipe?.isFIFO() === true && waitsFor(pipe, pids);
  }

  close(): void {
    this.#pipe?.destroy();
    this.#pipe = null;
  }

  /** Opens `hold`: the process that waits for that ends, and with it the last writer of the pipe. */
  #openHold(): void {
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
      // Without O_NONBLOCK the open would wait for a reader.
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
    // Ends what an agent that was killed may have left half written.
    if (this.#tty) pipe.write('\n');
    return pipe;
  }
}

function encode(message: TtyMessage): string {
  return `${JSON.stringify(message)}\n`;
}
