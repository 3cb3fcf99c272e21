import { actionCreate, actionOrder, actionParams, actionPatch } from '../../shared/api.ts';
import type { Action, ClientAction, List } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { body, params } from './validate.ts';

/** Quick actions: a client sees those that they may press, without what stands behind them. */
export function actionsApi({ actions }: Services) {
  return router()
    .get('/', async (c) => c.json<List<Action | ClientAction>>({ items: await actions.list(c.env.caller), next_cursor: null }))
    .post('/', body(actionCreate), async (c) => c.json<Action, 201>(await actions.create(c.env.caller, c.req.valid('json')), 201))
    .put('/order', body(actionOrder), async (c) => {
      actions.reorder(c.env.caller, c.req.valid('json').ids);
      return c.json<List<Action | ClientAction>>({ items: await actions.list(c.env.caller), next_cursor: null });
    })
    .get('/:id', params(actionParams), async (c) =>
      c.json<Action | ClientAction>(await actions.view(c.env.caller, c.req.valid('param').id)),
    )
    .patch('/:id', params(actionParams), body(actionPatch), async (c) =>
      c.json<Action>(await actions.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
    )
    .delete('/:id', params(actionParams), (c) => {
      actions.remove(c.env.caller, c.req.valid('param').id);
      return c.body(null, 204);
    });
}
