import type { DeviceCode, DeviceCodeState, LoginLink } from '../../shared/users.ts';
import { deviceCodeDecision, deviceCodeParams, loginLinkCreate } from '../../shared/users.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import type { LoginLinks } from './login-links.ts';
import { admin, any, anyLately } from './permissions.ts';

/** Codes that log somebody in without a password: links at the local socket only, and those for another device of one's own. */
export const loginLinksApi = resource(
  '/api/login-links',
  {
    'POST /': admin,
    'POST /devices': anyLately,
    'GET /devices/:id': any,
    'PUT /devices/:id': any,
  },
  ({ loginLinks }: { loginLinks: LoginLinks }) =>
    router()
      .post('/', body(loginLinkCreate), (c) => c.json<LoginLink, 201>(loginLinks.make(c.env.caller, c.req.valid('json').username), 201))
      .post('/devices', (c) => c.json<DeviceCode, 201>(loginLinks.offer(c.env.caller), 201))
      .get('/devices/:id', params(deviceCodeParams), (c) =>
        c.json<DeviceCodeState>(loginLinks.offered(c.env.caller, c.req.valid('param').id)),
      )
      .put('/devices/:id', params(deviceCodeParams), body(deviceCodeDecision), (c) => {
        loginLinks.decide(c.env.caller, c.req.valid('param').id, c.req.valid('json').allow);
        return c.body(null, 204);
      }),
);
