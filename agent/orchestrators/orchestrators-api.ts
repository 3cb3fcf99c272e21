import * as z from 'zod';
import type { List } from '../../shared/api.ts';
import { uuid } from '../../shared/ids.ts';
import type { InjectAnswer, Insight, Orchestrator } from '../../shared/orchestrators.ts';
import {
  injectRequest,
  insightParams,
  insightPatch,
  insightsQuery,
  orchestratorCreate,
  orchestratorParams,
  orchestratorPatch,
} from '../../shared/orchestrators.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { Orchestrators } from './orchestrators.ts';

/** Orchestrators and what they found, for admins. What may type into terminals needs a recent password, as terminals themselves do. */
export const orchestratorsApi = resource(
  '/api/orchestrators',
  {
    'GET /': admin,
    'POST /': adminLately,
    'GET /:id': admin,
    'PATCH /:id': adminLately,
    'DELETE /:id': admin,
    'GET /:id/insights': admin,
    'PATCH /:id/insights/:insight': admin,
    'GET /:id/screens/:terminal': admin,
    'POST /:id/inject': adminLately,
  },
  ({ orchestrators }: { orchestrators: Orchestrators }) =>
    router()
      .get('/', (c) => c.json<List<Orchestrator>>({ items: orchestrators.list(), next_cursor: null }))
      .post('/', body(orchestratorCreate), (c) => c.json<Orchestrator, 201>(orchestrators.create(c.env.caller, c.req.valid('json')), 201))
      .get('/:id', params(orchestratorParams), (c) => c.json<Orchestrator>(orchestrators.get(c.req.valid('param').id)))
      .patch('/:id', params(orchestratorParams), body(orchestratorPatch), (c) =>
        c.json<Orchestrator>(orchestrators.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .delete('/:id', params(orchestratorParams), (c) => {
        orchestrators.remove(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .get('/:id/insights', params(orchestratorParams), query(insightsQuery), (c) =>
        c.json<List<Insight>>(orchestrators.insights(c.req.valid('param').id, c.req.valid('query'))),
      )
      .patch('/:id/insights/:insight', params(insightParams), body(insightPatch), (c) => {
        const { id, insight } = c.req.valid('param');
        return c.json<Insight>(orchestrators.settle(c.env.caller, id, insight, c.req.valid('json').state));
      })
      .get('/:id/screens/:terminal', params(z.object({ id: uuid, terminal: uuid })), async (c) => {
        const { id, terminal } = c.req.valid('param');
        return c.json<InjectAnswer>(await orchestrators.look(id, terminal));
      })
      .post('/:id/inject', params(orchestratorParams), body(injectRequest), async (c) =>
        c.json<InjectAnswer>(await orchestrators.inject(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      ),
);
