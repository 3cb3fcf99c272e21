import type { List } from '../../shared/api.ts';
import {
  type Repository,
  type TrashedWorktree,
  trashedParam,
  type Worktree,
  type WorktreeStatus,
  worktreeCreate,
  worktreeRemoval,
  worktreeRoots,
  worktreeStatusQuery,
  worktreesQuery,
} from '../../shared/worktrees.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { Worktrees } from './worktrees.ts';

function listOf<T>(items: T[]): List<T> {
  return { items, next_cursor: null };
}

/** Worktrees of the host's git repositories, for admins. */
export const worktreesApi = resource(
  '/api/worktrees',
  {
    'GET /': admin,
    // A repository's hooks run, which are its own code.
    'POST /': admin,
    'DELETE /': admin,
    'GET /status': admin,
    'GET /repositories': admin,
    'GET /roots': admin,
    // It decides in which folders git is let loose.
    'PUT /roots': adminLately,
    'GET /trash': admin,
    'POST /trash/:id/restore': admin,
    'DELETE /trash/:id': admin,
  },
  ({ worktrees }: { worktrees: Worktrees }) =>
    router()
      .get('/', query(worktreesQuery), async (c) =>
        c.json<List<Worktree>>(listOf(await worktrees.list(c.req.valid('query').repository ?? null))),
      )
      .post('/', body(worktreeCreate), async (c) => c.json<Worktree, 201>(await worktrees.create(c.env.caller, c.req.valid('json')), 201))
      .delete('/', query(worktreeRemoval), async (c) => {
        const { path, force } = c.req.valid('query');
        return c.json<{ trashed: TrashedWorktree | null }>({ trashed: await worktrees.remove(c.env.caller, path, force === 'true') });
      })
      .get('/status', query(worktreeStatusQuery), async (c) => {
        const { repository, path } = c.req.valid('query');
        return c.json<List<WorktreeStatus>>(listOf(await worktrees.status(repository ?? null, path ?? null)));
      })
      .get('/repositories', async (c) => c.json<List<Repository>>(listOf(await worktrees.repositories())))
      .get('/roots', (c) => c.json<{ roots: string[] }>({ roots: worktrees.roots() }))
      .put('/roots', body(worktreeRoots), (c) =>
        c.json<{ roots: string[] }>({ roots: worktrees.setRoots(c.env.caller, c.req.valid('json').roots) }),
      )
      .get('/trash', (c) => c.json<List<TrashedWorktree>>(listOf(worktrees.trash())))
      .post('/trash/:id/restore', params(trashedParam), async (c) =>
        c.json<Worktree>(await worktrees.restore(c.env.caller, c.req.valid('param').id)),
      )
      .delete('/trash/:id', params(trashedParam), async (c) => {
        await worktrees.purge(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      }),
);
