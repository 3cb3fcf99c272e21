import type { List } from '../../shared/api.ts';
import { type Artifact, artifactParams } from '../../shared/artifacts.ts';
import { taskParams } from '../../shared/runs.ts';
import { resource, router } from '../http/router.ts';
import { params } from '../http/validate.ts';
import { artifactResponse, listArtifacts } from '../logs/artifacts.ts';
import type { Runs } from '../runs/runs.ts';
import { any } from '../users/permissions.ts';

/** The results of a run, for whoever may see the run. */
export const artifactsApi = resource(
  '/api/runs',
  { 'GET /:id/artifacts': any, 'GET /:id/artifacts/:name': any },
  ({ runs }: { runs: Runs }) =>
    router()
      .get('/:id/artifacts', params(taskParams), async (c) => {
        const { task_id } = runs.get(c.env.caller, c.req.valid('param').id);
        return c.json<List<Artifact>>({ items: await listArtifacts(runs.folderOf(task_id)), next_cursor: null });
      })
      .get('/:id/artifacts/:name', params(artifactParams), (c) => {
        const { id, name } = c.req.valid('param');
        const { task_id } = runs.get(c.env.caller, id);
        return artifactResponse(runs.folderOf(task_id), name);
      }),
);
