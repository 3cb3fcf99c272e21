import { resolve } from 'node:path';
import type { WorktreeStatus } from '../../../shared/worktrees.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { printJson, printTable } from './lists.ts';

const OPTIONS = {
  json: { type: 'boolean' },
  base: { type: 'string' },
  name: { type: 'string' },
  copy: { type: 'string', multiple: true },
  force: { type: 'boolean' },
} as const;

/** toru worktree */
export const worktree: Command = {
  summary: 'Make, look at and remove worktrees of git repositories',
  help: `Usage: toru worktree roots [FOLDER…]
       toru worktree list [REPOSITORY] [--json]
       toru worktree add REPOSITORY BRANCH [--base REF] [--name NAME] [--copy FILE]…
       toru worktree remove PATH [--force]
       toru worktree trash | restore ID | purge ID

A worktree is a second folder of a repository, with a branch of its own: two things can be worked on at the same time.
Only repositories below the folders of “roots” are touched.

“add” takes a branch that is there, one that a remote has, or makes a new one. The worktree lies beside its repository.
“remove” refuses one with work that is nowhere else; with --force it goes all the same. Either waits in the trash for some days.

      --base REF    where a new branch begins; without it, at the repository’s HEAD
      --name NAME   of its folder
      --copy FILE   an untracked file of the repository that the worktree gets, too, such as .env

  toru worktree roots ~/code
  toru worktree add ~/code/site feature/login --copy .env
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, OPTIONS);
    const { worktrees } = connect(io.env);
    const [what, ...words] = positionals;
    switch (what) {
      case 'roots': {
        const json = { roots: words.map((folder) => resolve(folder)) };
        const answer = words.length === 0 ? await good(worktrees.roots.$get()) : await good(worktrees.roots.$put({ json }));
        const { roots } = await answer.json();
        for (const root of roots) await print(io, plain(root));
        if (roots.length === 0) await note(io, 'no folder is named yet: toru worktree roots ~/code');
        return 0;
      }
      case undefined:
      case 'list': {
        const repository = words.length === 0 ? {} : { repository: resolve(oneWord(words, 'The repository')) };
        const { items } = await (await good(worktrees.status.$get({ query: repository }))).json();
        if (values.json === true) return printJson(io, items);
        const nothing = 'No repositories. Name the folders that they are in: toru worktree roots ~/code';
        return printTable(io, ['PATH', 'BRANCH', 'STATE'], items.map(rowOf), nothing);
      }
      case 'add': {
        const [repository, branch, ...more] = words;
        if (repository === undefined || branch === undefined) throw new UsageError('REPOSITORY and BRANCH are expected.');
        noWords(more);
        const { base, name, copy = [] } = values;
        const json = {
          repository: resolve(repository),
          branch,
          copy,
          ...(base === undefined ? {} : { base }),
          ...(name === undefined ? {} : { name }),
        };
        const made = await (await good(worktrees.$post({ json }))).json();
        await print(io, plain(made.path));
        return 0;
      }
      case 'remove': {
        const path = resolve(oneWord(words, 'The worktree’s path'));
        const query = { path, force: values.force === true ? ('true' as const) : ('false' as const) };
        const { trashed } = await (await good(worktrees.$delete({ query }))).json();
        await print(
          io,
          trashed === null ? 'removed; its folder was gone' : `removed; to have it back: toru worktree restore ${trashed.id}`,
        );
        return 0;
      }
      case 'trash': {
        noWords(words);
        const { items } = await (await good(worktrees.trash.$get())).json();
        if (values.json === true) return printJson(io, items);
        const rows = items.map(({ id, path, branch, removed_at, removed_by }) => [
          id,
          plain(path),
          branch ?? '',
          when(removed_at),
          plain(removed_by),
        ]);
        return printTable(io, ['ID', 'PATH', 'BRANCH', 'REMOVED', 'BY'], rows, 'The trash is empty.');
      }
      case 'restore':
        return restore(io, oneWord(words, 'The id'));
      case 'purge':
        await good(worktrees.trash[':id'].$delete({ param: { id: oneWord(words, 'The id') } }));
        await print(io, 'removed for good');
        return 0;
      default:
        throw new UsageError(`“${what}” is not known here: roots, list, add, remove, trash, restore or purge.`);
    }
  },
};

async function restore(io: Io, id: string): Promise<number> {
  const found = await (await good(connect(io.env).worktrees.trash[':id'].restore.$post({ param: { id } }))).json();
  await print(io, plain(found.path));
  return 0;
}

function rowOf(status: WorktreeStatus): string[] {
  return [plain(status.path), status.branch ?? status.head?.slice(0, 10) ?? '', stateOf(status)];
}

/** In a few words: what is in it that is nowhere else, and how it stands to what it follows. */
function stateOf({ problem, staged, changed, untracked, conflicts, ahead, behind, unpushed, locked }: WorktreeStatus): string {
  if (problem !== null) return plain(problem);
  const parts = [
    conflicts > 0 ? `${conflicts} in conflict` : '',
    staged > 0 ? `${staged} staged` : '',
    changed > 0 ? `${changed} changed` : '',
    untracked > 0 ? `${untracked} untracked` : '',
    (ahead ?? 0) > 0 ? `${ahead} ahead` : '',
    (behind ?? 0) > 0 ? `${behind} behind` : '',
    ahead === null && (unpushed ?? 0) > 0 ? `${unpushed} unpushed` : '',
    locked ? 'locked' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'clean' : parts.join(', ');
}
