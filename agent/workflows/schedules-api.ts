import type { List } from '../../shared/api.ts';
import type { Chain, NextFires, Schedule } from '../../shared/schedules.ts';
import {
  chainCreate,
  chainsQuery,
  nextQuery,
  scheduleCreate,
  scheduleParams,
  schedulePatch,
  schedulesQuery,
} from '../../shared/schedules.ts';
import { resource, router } from '../http/router.ts';
import { body, params, query } from '../http/validate.ts';
import { admin, adminLately } from '../users/permissions.ts';
import type { Workflows } from './workflows.ts';

interface Options {
  workflows: Workflows;
}

/** Schedules of quick actions. Each is a trigger of the host's own workspace: it is fired, enabled and disabled as any other. */
export const schedulesApi = resource(
  '/api/schedules',
  {
    'GET /': admin,
    'GET /next': admin,
    // It starts code when nobody is logged in any more.
    'POST /': adminLately,
    'PATCH /:name': adminLately,
    'DELETE /:name': admin,
  },
  ({ workflows: { quickActions } }: Options) =>
    router()
      .get('/', query(schedulesQuery), (c) => c.json<List<Schedule>>(quickActions.list(c.req.valid('query'))))
      .get('/next', query(nextQuery), (c) => {
        const { cron, timezone } = c.req.valid('query');
        return c.json<NextFires>(quickActions.next(cron, timezone));
      })
      .post('/', body(scheduleCreate), async (c) =>
        c.json<Schedule, 201>(await quickActions.create(c.env.caller, c.req.valid('json')), 201),
      )
      .patch('/:name', params(scheduleParams), body(schedulePatch), async (c) =>
        c.json<Schedule>(await quickActions.update(c.env.caller, c.req.valid('param').name, c.req.valid('json'))),
      )
      .delete('/:name', params(scheduleParams), async (c) => {
        await quickActions.remove(c.env.caller, c.req.valid('param').name);
        return c.body(null, 204);
      }),
);

/** Two quick actions, one after the other: each chain is a task of the host's own workspace, and is executed as any other. */
export const chainsApi = resource(
  '/api/chains',
  { 'GET /': admin, 'POST /': adminLately, 'DELETE /:name': admin },
  ({ workflows: { quickActions } }: Options) =>
    router()
      .get('/', query(chainsQuery), (c) => c.json<List<Chain>>(quickActions.chains(c.req.valid('query').action ?? null)))
      .post('/', body(chainCreate), async (c) => c.json<Chain, 201>(await quickActions.createChain(c.env.caller, c.req.valid('json')), 201))
      .delete('/:name', params(scheduleParams), async (c) => {
        await quickActions.removeChain(c.env.caller, c.req.valid('param').name);
        return c.body(null, 204);
      }),
);
