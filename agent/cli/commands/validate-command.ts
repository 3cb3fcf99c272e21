import { resolve } from 'node:path';
import { type Command, parse } from '../command.ts';
import { note, print, UsageError } from '../io.ts';

const HELP = `Usage: toru validate [DIR] [--json]

Checks the workflow files of a folder (its .workflows, or its own *.yaml), without an agent.
Each problem is a line: file:line:column, what is wrong, and what to do.

  --json  the problems as JSON: {"problems":[{file, line, column, message, next}],"external":[…]}

Exit codes: 0 no problem, 1 problems, 125 the folder can’t be read.

  toru validate
  toru validate ~/workflows --json
`;

export const validate: Command = {
  summary: 'Check the workflow files of a folder',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } });
    if (positionals.length > 1) throw new UsageError(`“${positionals[1]}” is one word too many.`);
    const folder = resolve(positionals[0] ?? '.');
    // Loaded by this command alone: the parser is not carried by the others.
    const [{ filesOf }, { loadWorkspace }, { problemLine }] = await Promise.all([
      import('../../workflows/language/find-files.ts'),
      import('../../workflows/language/load-workspace.ts'),
      import('../../workflows/language/problem.ts'),
    ]);
    let files: ReturnType<typeof filesOf>;
    try {
      files = filesOf(folder);
    } catch (error) {
      throw new UsageError(`${folder} can’t be read: ${error instanceof Error ? error.message : 'unknown'}.`);
    }
    if (files.length === 0)
      throw new UsageError(`There are no workflow files in ${folder}. They end with .yaml or .yml, and lie in its folder .workflows.`);
    const { problems, external, definitions } = loadWorkspace(files);
    if (values.json) await print(io, JSON.stringify({ problems, external }));
    else {
      for (const problem of problems) await print(io, problemLine(problem));
      for (const { file, line, column, name } of external)
        await note(
          io,
          `${file}:${line}:${column} “${name}” is of another workspace or a library; the host looks it up when it reads this file.`,
        );
      if (definitions !== null)
        await note(io, `${counted(files.length, 'file')}, ${counted(Object.keys(definitions.tasks).length, 'task')}, no problem.`);
    }
    return problems.length > 0 ? 1 : 0;
  },
};

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
