import { resolve } from 'node:path';
import { isGitAddress } from '../../../shared/git-address.ts';
import type { Workspace } from '../../../shared/workflows.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { printJson, printTable } from './lists.ts';

/** toru workspace */
export const workspace: Command = {
  summary: 'Add, list and remove folders of workflows',
  help: `Usage: toru workspace list [--json]
       toru workspace add NAME FOLDER | URL [--ref REF]
       toru workspace refresh NAME
       toru workspace remove NAME

A workspace is a folder with YAML files in .workflows below it. It is watched: what is saved there counts for
the next job. Files with a fault never replace good ones; list and refresh show the fault with its place.
One from git is asked for each minute, by the host's own git and its credentials.

      --ref REF   a branch, tag or commit; without it, the repository's HEAD

  toru workspace add ops ~/workflows
  toru workspace add site git@github.com:me/site.git --ref main
  toru tasks ops
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' }, ref: { type: 'string' } } as const);
    const { workspaces } = connect(io.env);
    const [what, ...words] = positionals;
    switch (what) {
      case undefined:
      case 'list': {
        noWords(words);
        const { items } = await (await good(workspaces.$get())).json();
        if (values.json === true) return printJson(io, items);
        return printTable(
          io,
          ['NAME', 'TASKS', 'CHECKED', 'WHERE', 'STATE'],
          items.map(rowOf),
          'No workspaces yet. Add one: toru workspace add NAME FOLDER',
        );
      }
      case 'add': {
        const [name, folder, ...more] = words;
        if (name === undefined || folder === undefined) throw new UsageError('NAME and FOLDER are expected.');
        noWords(more);
        const isUrl = isGitAddress(folder);
        if (!isUrl && values.ref !== undefined) throw new UsageError('A folder has no --ref: that is of an address of git.');
        const json = isUrl
          ? ({ name, type: 'git', url: folder, ...(values.ref === undefined ? {} : { ref: values.ref }) } as const)
          : ({ name, type: 'folder', path: resolve(folder) } as const);
        const made = await (await good(workspaces.$post({ json }))).json();
        return show(io, made);
      }
      case 'refresh': {
        const found = await (await good(workspaces[':ws'].refresh.$post({ param: { ws: oneWord(words, 'The name') } }))).json();
        return show(io, found);
      }
      case 'remove': {
        const name = oneWord(words, 'The name');
        await good(workspaces[':ws'].$delete({ param: { ws: name } }));
        await print(io, `${plain(name)} is removed. Its folder is as it was.`);
        return 0;
      }
      default:
        throw new UsageError(`“${what}” is not known here: list, add, refresh or remove.`);
    }
  },
};

function rowOf(workspace: Workspace): string[] {
  const { name, tasks, checked_at, path, url } = workspace;
  return [name, String(tasks), checked_at === null ? '' : when(checked_at), path ?? url ?? '', stateOf(workspace)];
}

function stateOf({ error, problems, revision, checked_at }: Workspace): string {
  if (checked_at === null) return 'it is being fetched; see: toru workspace list';
  if (error !== null) return error;
  if (problems.length === 0) return 'good';
  return `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}${revision === null ? '' : '; the last good files count'}`;
}

/** @returns 1 when there is something wrong with it. */
async function show(io: Io, workspace: Workspace): Promise<number> {
  const { name, tasks, problems, error } = workspace;
  for (const { file, line, column, message, next } of problems)
    await note(io, `${file}:${line}:${column} ${message}${next === undefined ? '' : ` ${next}`}`);
  if (error !== null) await note(io, error);
  const is = error === null && problems.length === 0 && workspace.checked_at !== null;
  await print(io, is ? `${plain(name)}: ${tasks} ${tasks === 1 ? 'task' : 'tasks'}` : `${plain(name)}: ${stateOf(workspace)}`);
  return is ? 0 : 1;
}
