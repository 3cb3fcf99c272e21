import { Readable } from 'node:stream';
import { runCli } from './cli.ts';

/** A command as one types it where nothing is a terminal. @param env its environment. @param piped what comes by standard input. @returns how it ended, and what it printed. */
export async function ranCommand(
  args: string[],
  env: Record<string, string | undefined>,
  piped = '',
): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const output = (to: 'out' | 'err') => ({
    isTTY: false,
    columns: 80,
    write: async (data: string | Uint8Array) => {
      written[to] += Buffer.from(data).toString();
    },
  });
  const io = {
    out: output('out'),
    err: output('err'),
    input: Readable.from(piped === '' ? [] : [piped]),
    keyboard: null,
    env,
    interrupted: new AbortController().signal,
  };
  return { code: await runCli(args, io), ...written };
}
