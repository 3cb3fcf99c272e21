import { type FolderContents, folderParams } from '../../shared/folders.ts';
import { MAX_PAGE_SIZE } from '../../shared/limits.ts';
import type { Folders } from '../folders/folders.ts';
import { resource, router } from '../http/router.ts';
import { params } from '../http/validate.ts';
import type { Orchestrators } from '../orchestrators/orchestrators.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { admin } from '../users/permissions.ts';
import type { Worktrees } from '../worktrees/worktrees.ts';

interface Services {
  folders: Folders;
  terminals: Terminals;
  worktrees: Worktrees;
  orchestrators: Pick<Orchestrators, 'list'>;
}

/** A folder with all that belongs to it: what a page or a program needs to work in it. */
export const folderContextApi = resource(
  '/api/folders',
  { 'GET /:id/context': admin },
  ({ folders, terminals, worktrees, orchestrators }: Services) =>
    router().get('/:id/context', params(folderParams), async (c) => {
      const { id } = c.req.valid('param');
      const context = folders.context(id);
      const { repository } = context.preferences;
      // One that git refuses keeps nothing else from being shown; the page of worktrees says why.
      const found = repository === undefined ? [] : await worktrees.status(repository, null).catch(() => []);
      const open = folders
        .within(id)
        .flatMap((folder) => terminals.list(c.env.caller, { folder, limit: MAX_PAGE_SIZE }).items)
        .filter(({ state }) => state !== 'ended');
      const inside = new Set(folders.within(id));
      const watching = orchestrators.list().filter(({ folder }) => folder !== null && inside.has(folder));
      return c.json<FolderContents>({ ...context, terminals: open, worktrees: found, orchestrators: watching });
    }),
);
