import type { ActionTargets, NotifyDevice, NotifySelf, WebhookSaved } from '../../shared/notify.ts';
import {
  actionTargetsParams,
  deviceCreate,
  deviceParams,
  devicePatch,
  follow,
  followParams,
  hostTargetParams,
  ntfyTarget,
  targetParams,
  watch,
  watchParams,
  webhookTarget,
} from '../../shared/notify.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import { admin, adminLately, any } from '../users/permissions.ts';
import type { Notify } from './notify.ts';

/** Who is told when a run ends or a threshold is crossed: everybody's own devices, and, for admins, the addresses of an action and of the host. */
export const notifyApi = resource(
  '/api/notify',
  {
    'GET /': any,
    'POST /devices': any,
    'PATCH /devices/:id': any,
    'DELETE /devices/:id': any,
    'POST /devices/:id/test': any,
    'PUT /devices/:id/actions/:action': any,
    'PUT /devices/:id/runs/:task': any,
    'GET /actions/:id': admin,
    // With a password typed lately: it decides where something goes that leaves this host.
    'PUT /actions/:id/ntfy': adminLately,
    'PUT /actions/:id/webhook': adminLately,
    'DELETE /actions/:id/:kind': admin,
    'POST /actions/:id/:kind/test': admin,
    'GET /host': admin,
    'PUT /host/ntfy': adminLately,
    'PUT /host/webhook': adminLately,
    'DELETE /host/:kind': admin,
    'POST /host/:kind/test': admin,
  },
  ({ notify }: { notify: Notify }) =>
    router()
      .get('/', (c) => c.json<NotifySelf>(notify.self(c.env.caller)))
      .post('/devices', body(deviceCreate), (c) => c.json<NotifyDevice, 201>(notify.register(c.env.caller, c.req.valid('json')), 201))
      .patch('/devices/:id', params(deviceParams), body(devicePatch), (c) =>
        c.json<NotifyDevice>(notify.update(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .delete('/devices/:id', params(deviceParams), (c) => {
        notify.devices.remove(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .post('/devices/:id/test', params(deviceParams), async (c) => {
        await notify.testDevice(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      })
      .put('/devices/:id/actions/:action', params(followParams), body(follow), (c) => {
        const { id, action } = c.req.valid('param');
        return c.json<NotifyDevice>(notify.follow(c.env.caller, id, action, c.req.valid('json').when));
      })
      .put('/devices/:id/runs/:task', params(watchParams), body(watch), (c) => {
        const { id, task } = c.req.valid('param');
        return c.json<NotifyDevice>(notify.watch(c.env.caller, id, task, c.req.valid('json').tell));
      })
      .get('/actions/:id', params(actionTargetsParams), (c) => c.json<ActionTargets>(notify.targets.of(c.req.valid('param').id)))
      .put('/actions/:id/ntfy', params(actionTargetsParams), body(ntfyTarget), (c) =>
        c.json<ActionTargets>(notify.targets.setNtfy(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .put('/actions/:id/webhook', params(actionTargetsParams), body(webhookTarget), (c) =>
        c.json<WebhookSaved>(notify.targets.setWebhook(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .delete('/actions/:id/:kind', params(targetParams), (c) => {
        const { id, kind } = c.req.valid('param');
        notify.targets.remove(c.env.caller, id, kind);
        return c.body(null, 204);
      })
      .post('/actions/:id/:kind/test', params(targetParams), async (c) => {
        const { id, kind } = c.req.valid('param');
        await notify.testTarget(c.env.caller, id, kind);
        return c.body(null, 204);
      })
      .get('/host', (c) => c.json<ActionTargets>(notify.targets.of(null)))
      .put('/host/ntfy', body(ntfyTarget), (c) => c.json<ActionTargets>(notify.targets.setNtfy(c.env.caller, null, c.req.valid('json'))))
      .put('/host/webhook', body(webhookTarget), (c) =>
        c.json<WebhookSaved>(notify.targets.setWebhook(c.env.caller, null, c.req.valid('json'))),
      )
      .delete('/host/:kind', params(hostTargetParams), (c) => {
        notify.targets.remove(c.env.caller, null, c.req.valid('param').kind);
        return c.body(null, 204);
      })
      .post('/host/:kind/test', params(hostTargetParams), async (c) => {
        await notify.testTarget(c.env.caller, null, c.req.valid('param').kind);
        return c.body(null, 204);
      }),
);
