import { statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { type Command, parse } from '../command.ts';
import { note, print, UsageError } from '../io.ts';

const HELP = `Usage: toru validate [DIR | FILE] [--json]

Checks the workflow files of a folder (its .workflows, or its own *.yaml), without an agent. Of a file only its own
problems are shown; what it names is looked up in the files beside it.
Each problem is a line: file:line:column, what is wrong, and what to do.

  --json  the problems as JSON: {"problems":[{file, line, column, message, next}],"external":[…]}

Exit codes: 0 no problem, 1 problems, 125 nothing can be read there.

  toru validate
  toru validate ~/workflows --json
  toru validate .workflows/deploy.yaml
`;

export const validate: Command = {
  summary: 'Check the workflow files of a folder',
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } });
    if (positionals.length > 1) throw new UsageError(`“${positionals[1]}” is one word too many.`);
    const given = resolve(positionals[0] ?? '.');
    const isFile = statSync(given, { throwIfNoEntry: false })?.isFile() ?? false;
    const folder = isFile ? workspaceOf(given) : given;
    const isMeant = ({ file }: { file: string }): boolean => !isFile || resolve(folder, file) === given;
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
    if (isFile && !files.some(({ path }) => resolve(folder, path) === given))
      throw new UsageError(`${given} is no workflow file: these end with .yaml or .yml.`);
    const { problems: all, external: names, definitions } = loadWorkspace(files);
    const problems = all.filter(isMeant);
    const external = names.filter(isMeant);
    if (values.json) await print(io, JSON.stringify({ problems, external }));
    else {
      for (const problem of problems) await print(io, problemLine({ ...problem, file: fromHere(folder, problem.file) }));
      for (const { file, line, column, name } of external)
        await note(
          io,
          `${fromHere(folder, file)}:${line}:${column} “${name}” is of another workspace or a library; the host looks it up when it reads this file.`,
        );
      if (problems.length < all.length)
        await note(io, `${counted(all.length - problems.length, 'problem')} in other files: toru validate ${folder}`);
      if (definitions !== null)
        await note(io, `${counted(files.length, 'file')}, ${counted(Object.keys(definitions.tasks).length, 'task')}, no problem.`);
    }
    return problems.length > 0 ? 1 : 0;
  },
};

/** A file's path as a terminal or an editor can open it: from the folder in which the command was typed, else absolute. */
function fromHere(folder: string, file: string): string {
  const path = resolve(folder, file);
  const below = relative('.', path);
  return below.startsWith('..') ? path : below;
}

/** The folder whose files a workflow file is read with. */
function workspaceOf(file: string): string {
  const folder = dirname(file);
  return basename(folder) === '.workflows' ? dirname(folder) : folder;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
