import { actionParams } from '../../shared/actions.ts';
import type { List } from '../../shared/api.ts';
import { optionsRequest, type ScriptOption } from '../../shared/options.ts';
import type { Actions } from '../actions/actions.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import { any } from '../users/permissions.ts';
import type { OptionScripts } from './option-scripts.ts';

/** The options of a choice, for whoever may press the action. A script runs for them, so no GET asks for it. */
export const optionsApi = resource(
  '/api/actions',
  { 'POST /:id/options': any },
  ({ actions, options }: { actions: Actions; options: OptionScripts }) =>
    router().post('/:id/options', params(actionParams), body(optionsRequest), async (c) => {
      const { input, inputs } = c.req.valid('json');
      const action = actions.usable(c.env.caller, c.req.valid('param').id);
      return c.json<List<ScriptOption>>({ items: await options.of(c.env.caller, action, input, inputs), next_cursor: null });
    }),
);
