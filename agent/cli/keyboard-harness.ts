import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { runCli } from './cli.ts';

/** The keyboard of a command that runs at a terminal, in a test; it is raw while every key goes as it is typed. */
export class Keys extends EventEmitter {
  raw = false;

  setRawMode(on: boolean): void {
    this.raw = on;
  }

  resume(): void {}

  pause(): void {}

  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

/**
 * Begins a command. @param home of the agent. @param keys the command runs at a terminal that has them. @param input what is piped into it.
 * @returns its exit code when it ends, and what it has printed until now.
 */
export function beginCommand(home: string, args: string[], keys: Keys | null = null, input = '') {
  let out = '';
  let err = '';
  const sink = (take: (text: string) => void) => ({
    isTTY: keys !== null,
    columns: 80,
    write: async (data: string | Uint8Array) => take(Buffer.from(data).toString()),
  });
  const code = runCli(args, {
    out: sink((text) => {
      out += text;
    }),
    err: sink((text) => {
      err += text;
    }),
    input: Readable.from(input === '' ? [] : [input]),
    keyboard: keys,
    env: { TORU_HOME: home },
    interrupted: new AbortController().signal,
  });
  return { code, out: () => out, err: () => err };
}
