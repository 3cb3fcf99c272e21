import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { findTask } from '../find-task.ts';
import { print } from '../io.ts';

/** toru cancel */
export const cancel: Command = {
  summary: 'Stop a run',
  help: `Usage: toru cancel TASK

TASK is a run's id, the beginning of one, or “last”. The script and everything that it started
get TERM, and KILL ten seconds later.

  toru cancel last
  toru cancel 3f2a
`,
  run: async (args, io) => {
    const { positionals } = parse(args, {});
    const client = connect(io.env);
    const id = await findTask(client, oneWord(positionals, 'The run’s id (see: toru runs)'));
    await good(client.runs[':id'].cancel.$post({ param: { id } }));
    await print(io, id);
    return 0;
  },
};
