import type { ToruError } from '../../shared/errors.ts';
import { plain } from './terminal-filter.ts';

/** The process, as a command needs it: so that a test can be one. */
export interface Io {
  out: Output;
  err: Output;
  input: Piped;
  /** Null when standard input is no terminal. */
  keyboard: Keyboard | null;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or TERM. */
  interrupted: AbortSignal;
}

export interface Output {
  readonly isTTY: boolean;
  readonly columns: number;
  /** Resolves when more may be written: a slow pipe slows us down, and does not fill our memory. */
  write(data: string | Uint8Array): Promise<void>;
}

/** Standard input as a pipe: it is read. `destroy`: who waits for more of it does so no longer. */
export type Piped = AsyncIterable<string | Uint8Array> & { destroy?(): unknown };

/** Standard input as a terminal: what is typed arrives key by key. */
export interface Keyboard {
  setRawMode(on: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (typed: Buffer) => void): unknown;
  off(event: 'data', listener: (typed: Buffer) => void): unknown;
}

/** Our own failure, as docker run has it: the script's exit codes stay the script's. */
export const OUR_FAILURE = 125;

/** A command line that can't be meant. The text says what is wrong; `--help` is pointed at beside it. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The end of the reader (`toru logs … | head`) is no failure. */
export class ClosedPipe extends Error {
  override name = 'ClosedPipe';
}

export function print(io: Io, text: string): Promise<void> {
  return io.out.write(`${text}\n`);
}

export function note(io: Io, text: string): Promise<void> {
  return io.err.write(`toru: ${plain(text)}\n`);
}

/** One line for a person, the code behind it for a search. */
export function describeError(error: ToruError): string {
  const input = error.extra?.['input'];
  // Two inputs may have one label: of those the name says which.
  const which = typeof input === 'string' && !error.message.toLowerCase().includes(input.toLowerCase()) ? ` (${input})` : '';
  return `${error.message}${which} [${error.code}]`;
}

/** The process's own streams and signals. @param env what the command finds its agent by. */
export function processIo(env: Io['env']): Io {
  let interrupted: AbortSignal | null = null;
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    input: process.stdin,
    keyboard: process.stdin.isTTY ? process.stdin : null,
    env,
    // Only a command that asks for it takes the signals; the others end at once, as the system has it.
    get interrupted() {
      interrupted ??= signals();
      return interrupted;
    },
  };
}

function signals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort(signal));
  return controller.signal;
}

function outputOf(stream: NodeJS.WriteStream): Output {
  let broken: Error | null = null;
  stream.on('error', (error: Error & { code?: string }) => {
    broken = error.code === 'EPIPE' ? new ClosedPipe('nobody reads any more') : error;
  });
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        if (broken !== null) reject(broken);
        else
          stream.write(data, (error) =>
            error === null || error === undefined ? resolve() : reject(broken ?? new ClosedPipe(error.message)),
          );
      }),
  };
}
