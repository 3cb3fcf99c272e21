import type { Action, ActionList, ClientAction } from '../../shared/actions.ts';
import { actionCreate, actionOrder, actionParams, actionPatch, favouriteRequest } from '../../shared/actions.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import type { Caller } from '../users/caller.ts';
import { admin, any } from '../users/permissions.ts';
import type { Actions } from './actions.ts';

/** Quick actions: a client sees those that they may press, without what stands behind them. */
export const actionsApi = resource(
  '/api/actions',
  {
    'GET /': any,
    // With a password typed lately.
    'POST /': admin,
    'PUT /order': admin,
    'GET /:id': any,
    // For what decides which code runs, a password typed lately.
    'PATCH /:id': admin,
    'DELETE /:id': admin,
    // One's own.
    'DELETE /:id/remembered': any,
    'PUT /:id/favourite': any,
  },
  ({ actions }: { actions: Actions }) => {
    const listFor = async (caller: Caller): Promise<ActionList> => ({
      items: await actions.list(caller),
      next_cursor: null,
      cards: actions.cards(caller),
    });
    return router()
      .get('/', async (c) => c.json<ActionList>(await listFor(c.env.caller)))
      .post('/', body(actionCreate), async (c) => c.json<Action, 201>(await actions.create(c.env.caller, c.req.valid('json')), 201))
      .put('/order', body(actionOrder), async (c) => {
        actions.arrange(c.env.caller, c.req.valid('json'));
        return c.json<ActionList>(await listFor(c.env.caller));
      })
      .get('/:id', params(actionParams), async (c) =>
        c.json<Action | ClientAction>(await actions.view(c.env.caller, c.req.valid('param').id)),
      )
      .patch('/:id', params(actionParams), body(actionPatch), async (c) =>
        c.json<Action>(await actions.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .put('/:id/favourite', params(actionParams), body(favouriteRequest), async (c) => {
        const { id } = c.req.valid('param');
        actions.markFavourite(c.env.caller, id, c.req.valid('json').favourite);
        return c.json<Action | ClientAction>(await actions.view(c.env.caller, id));
      })
      .delete('/:id', params(actionParams), (c) => {
        actions.remove(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .delete('/:id/remembered', params(actionParams), (c) => {
        actions.remembered.forget(c.env.caller.user_id, actions.usable(c.env.caller, c.req.valid('param').id).id);
        return c.body(null, 204);
      });
  },
);
