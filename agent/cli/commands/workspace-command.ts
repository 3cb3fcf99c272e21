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
       toru workspace add NAME FOLDER | URL [--ref REF] [--library]
       toru workspace key NAME [--host | --trust FINGERPRINT | --remove]
       toru workspace refresh NAME
       toru workspace remove NAME

A workspace is a folder with YAML files in .workflows below it. It is watched: what is saved there counts for
the next job. Files with a fault never replace good ones; list and refresh show the fault with its place.
One from git is asked for each minute, by the host's own git and its credentials.

      --ref REF   a branch, tag or commit; without it, the repository's HEAD
      --host      show the fingerprints of the server's keys
      --trust     trust the server by a fingerprint that you have compared
      --library   its actions, tasks and connection types are for workspaces, which name them NAME.item

  toru workspace add ops ~/workflows
  toru workspace add site git@github.com:me/site.git --ref main
  toru workspace add common ~/flow-library --library
  toru tasks ops
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, {
      json: { type: 'boolean' },
      ref: { type: 'string' },
      library: { type: 'boolean' },
      host: { type: 'boolean' },
      trust: { type: 'string' },
      remove: { type: 'boolean' },
    } as const);
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
        const of = { name, ...(values.library === true ? { library: true } : {}) };
        const json = isUrl
          ? ({ ...of, type: 'git', url: folder, ...(values.ref === undefined ? {} : { ref: values.ref }) } as const)
          : ({ ...of, type: 'folder', path: resolve(folder) } as const);
        const made = await (await good(workspaces.$post({ json }))).json();
        return show(io, made);
      }
      case 'refresh': {
        const found = await (await good(workspaces[':ws'].refresh.$post({ param: { ws: oneWord(words, 'The name') } }))).json();
        return show(io, found);
      }
      case 'key':
        return key(io, oneWord(words, 'The name'), values);
      case 'remove': {
        const name = oneWord(words, 'The name');
        await good(workspaces[':ws'].$delete({ param: { ws: name } }));
        await print(io, `${plain(name)} is removed. Its files are as they were.`);
        return 0;
      }
      default:
        throw new UsageError(`“${what}” is not known here: list, add, key, refresh or remove.`);
    }
  },
};

/** Makes and shows the key of a workspace from git, and whom it trusts. */
async function key(io: Io, ws: string, { host, trust, remove }: { host?: boolean; trust?: string; remove?: boolean }): Promise<number> {
  const of = connect(io.env).workspaces[':ws'].key;
  const param = { ws };
  if (remove === true) {
    await good(of.$delete({ param }));
    await print(io, `The key of ${plain(ws)} is removed. Take it out of the repository’s settings, too.`);
    return 0;
  }
  if (host === true || trust !== undefined) {
    const json = trust === undefined ? {} : { fingerprint: trust };
    const { items } = await (await good(of.host.$post({ param, json }))).json();
    for (const { host: name, type, fingerprint } of items) await print(io, `${plain(name)} ${type} ${fingerprint}`);
    if (trust === undefined)
      await note(io, `Compare them with what the server’s owner publishes, then: toru workspace key ${ws} --trust FINGERPRINT`);
    return 0;
  }
  const made = await (await good(of.$post({ param }))).json();
  await print(io, plain(made.public_key));
  const next = made.trusted.length > 0 ? '' : ` Then trust its server: toru workspace key ${ws} --host`;
  await note(io, `Add this key to the repository’s settings as a deploy key that may read.${next}`);
  return 0;
}

function rowOf(workspace: Workspace): string[] {
  const { name, tasks, checked_at, path, url } = workspace;
  const what = workspace.library ? 'library' : String(tasks);
  return [name, what, checked_at === null ? '' : when(checked_at), path ?? url ?? '', stateOf(workspace)];
}

function stateOf({ error, problems, revision, checked_at, libraries }: Workspace): string {
  if (checked_at === null) return 'it is being fetched; see: toru workspace list';
  if (error !== null) return error;
  if (problems.length === 0) return libraries.length === 0 ? 'good' : `good, with ${libraries.map(({ name }) => name).join(', ')}`;
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
