import { basename } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { Worktree } from '../../shared/worktrees.ts';
import type { Git } from '../git/git.ts';
import { realPath } from './repositories.ts';

/**
 * The worktrees of the repository that a folder belongs to, its own first.
 * @param folder a repository, bare or not, or one of its worktrees. @throws ToruError conflict: it is no repository.
 */
export async function worktreesOf(git: Git, folder: string): Promise<Worktree[]> {
  const { ok, stdout, stderr } = await git.run(folder, ['worktree', 'list', '--porcelain'], 10_000);
  if (!ok)
    throw new ToruError(
      'conflict',
      /dubious ownership/.test(stderr)
        ? `git does not trust ${folder}: it belongs to another user. As the user of the agent: git config --global --add safe.directory ${folder}`
        : `${folder} is no git repository. Make it one: git init`,
    );
  return parseList(stdout);
}

/** @param text of `git worktree list --porcelain` (git-worktree(1), “Porcelain Format”). */
export function parseList(text: string): Worktree[] {
  const blocks = text.split('\n\n').map((block) => fieldsOf(block));
  const first = blocks[0]?.get('worktree');
  if (first === undefined) return [];
  // Where the repository is bare, git names the repository itself.
  const repository = realPath(first) ?? first;
  return blocks.flatMap((fields, at) => {
    const named = fields.get('worktree');
    if (named === undefined) return [];
    const real = realPath(named);
    const head = fields.get('HEAD') ?? null;
    return [
      {
        path: real ?? named,
        repository,
        branch: fields.get('branch')?.replace(/^refs\/heads\//, '') ?? null,
        head: head === null || /^0+$/.test(head) ? null : head,
        main: at === 0,
        locked: fields.has('locked'),
        missing: real === null,
      },
    ];
  });
}

function fieldsOf(block: string): Map<string, string> {
  return new Map(
    block.split('\n').map((line): [string, string] => {
      const space = line.indexOf(' ');
      return space === -1 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
    }),
  );
}

/** The folder of a new worktree: `site` and `feature/login` make `site-feature-login`. */
export function folderName(repository: string, branch: string): string {
  const of = (text: string): string => text.replaceAll(/[^\p{L}\p{N}_+.@]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  return `${of(basename(repository).replace(/\.git$/, ''))}-${of(branch)}`.slice(0, 100);
}
