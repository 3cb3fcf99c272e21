import { connect } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { findTask } from '../find-task.ts';
import { copyOutput } from '../follow.ts';
import { UsageError } from '../io.ts';

const options = {
  follow: { type: 'boolean', short: 'f' },
  stream: { type: 'string' },
  from: { type: 'string' },
  raw: { type: 'boolean' },
} as const;

/** toru logs */
export const logs: Command = {
  summary: 'Show what a run printed',
  help: `Usage: toru logs TASK [--follow]

TASK is a run's id, the beginning of one, or “last”. Its standard output goes to standard
output and its errors to standard error, byte for byte when that is no terminal.

  -f, --follow           go on until the run ends; Ctrl-C leaves, and the run goes on
      --stream STREAM    only stdout, or only stderr
      --from CURSOR      begin at this byte of the output
      --raw              let all terminal sequences of the script through

  toru logs last --follow
  toru logs 3f2a --stream stderr | less
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const client = connect(io.env);
    const { stream } = values;
    if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr') throw new UsageError('--stream is stdout or stderr.');
    if (values.from !== undefined && !/^\d{1,15}$/.test(values.from)) throw new UsageError('--from is a number of bytes.');
    const id = await findTask(client, oneWord(positionals, 'The run’s id (see: toru runs)'));
    await copyOutput(
      client,
      id,
      {
        follow: values.follow === true,
        raw: values.raw === true,
        signal: io.interrupted,
        ...(values.from === undefined ? {} : { from: Number(values.from) }),
        ...(stream === undefined ? {} : { stream }),
      },
      io,
    );
    return io.interrupted.aborted ? 130 : 0;
  },
};
