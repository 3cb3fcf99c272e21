import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { parse } from '../command.ts';
import { findTask } from '../find-task.ts';
import { print, UsageError } from '../io.ts';
import { plain } from '../terminal-filter.ts';

/** toru note */
export const note: Command = {
  summary: 'Write a note on a run, or read it',
  help: `Usage: toru note TASK [TEXT …]

TASK is a run's id, the beginning of one, or “last”. TEXT becomes its note, in the place of the one
before; an empty one ('') takes it away. Without TEXT the note is printed.

  toru note last "restored from tape 7"
  toru note last ''
`,
  run: async (args, io) => {
    const { positionals } = parse(args, {});
    const [task, ...words] = positionals;
    if (task === undefined) throw new UsageError('The run’s id (see: toru runs) is missing.');
    const client = connect(io.env);
    const id = await findTask(client, task);
    if (words.length > 0) {
      await good(client.runs[':id'].$patch({ param: { id }, json: { note: words.join(' ') } }));
      await print(io, id);
      return 0;
    }
    const { note: text } = await (await good(client.runs[':id'].$get({ param: { id } }))).json();
    if (text !== undefined) for (const line of text.split('\n')) await print(io, io.out.isTTY ? plain(line) : line);
    return 0;
  },
};
