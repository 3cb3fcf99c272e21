import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileNumber } from '../../process/blocked-read.ts';
import { waitsForTerminal } from '../../process/blocked-read.ts';
import { TTY_FILE } from '../../pty/tty-run.ts';

/** Where nobody can see that a program reads, it must have been silent for so long behind what looks like a question. */
const SILENT_MS = 2000;
/** Of the output, so much of the end is looked at. */
const END_BYTES = 400;
const STTY_MS = 5000;
const QUESTION = /[:?>)\]]\s*$/;
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** Whether a script waits for what is typed into its terminal, and whether that will show. */
export interface Prompt {
  waits: boolean;
  /** The terminal does not show what is typed: a password is asked for. */
  hidden: boolean;
}

const NOT_WAITING: Prompt = { waits: false, hidden: false };

interface Output {
  readonly end: number;
  readSync(from: number, maxBytes: number): { bytes: Uint8Array }[];
}

/** Looks at the terminal of one run. */
export class TerminalPrompt {
  readonly #folder: string;
  #end = -1;
  #grewAt = 0;

  /** @param folder the run's. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * A program that is blocked in a read of the terminal waits. Of one that can't be looked at (another user's, as `sudo`; macOS), or that
   * waits for several things at once, the output has to look like a question, in a terminal whose modes fit.
   * @param pids of the run's processes.
   */
  async look(pids: Iterable<number>, output: Output, now: number): Promise<Prompt> {
    if (output.end !== this.#end) {
      this.#end = output.end;
      this.#grewAt = now;
    }
    const terminal = this.#terminal();
    if (terminal === null) return NOT_WAITING;
    const reads = waitsForTerminal(terminal.file, pids);
    const asks = reads === 'perhaps' && now - this.#grewAt >= SILENT_MS ? lineUnderWay(output) : '';
    if (reads === 'no' || (reads === 'perhaps' && asks === '')) return NOT_WAITING;
    const modes = await modesOf(terminal.path);
    const hidden = modes.line && !modes.echo;
    return { waits: reads === 'waits' || hidden || !modes.line || QUESTION.test(asks), hidden };
  }

  /** Null before there is one, and when it is gone. A script could write anything into that file: what is no device is no terminal. */
  #terminal(): { path: string; file: FileNumber } | null {
    try {
      const path = readFileSync(join(this.#folder, TTY_FILE), 'utf8');
      const file = /^\/dev\/[\w/]{1,60}$/.test(path) ? statSync(path) : null;
      return file?.isCharacterDevice() === true ? { path, file } : null;
    } catch {
      return null;
    }
  }
}

/** What stands behind the last line break, without what a terminal obeys. */
function lineUnderWay(output: Output): string {
  const text = output
    .readSync(Math.max(0, output.end - END_BYTES), END_BYTES)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
  return (
    text
      .replaceAll(ESCAPES, '')
      .split(/[\r\n]/)
      .at(-1) ?? ''
  ).trim();
}

/** `line`: what is typed is read by lines. `echo`: it shows. */
function modesOf(path: string): Promise<{ line: boolean; echo: boolean }> {
  const option = process.platform === 'linux' ? '-F' : '-f';
  return new Promise((resolve) => {
    execFile('stty', [option, path, '-a'], { timeout: STTY_MS }, (error, stdout) => {
      const words = new Set(error === null ? stdout.split(/[\s;]+/) : []);
      resolve({ line: !words.has('-icanon'), echo: !words.has('-echo') });
    });
  });
}
