import type { LoginLink } from '../../shared/users.ts';
import { loginLinkCreate } from '../../shared/users.ts';
import { resource, router } from '../http/router.ts';
import { body } from '../http/validate.ts';
import type { LoginLinks } from './login-links.ts';
import { admin } from './permissions.ts';

/** Links that log somebody in without a password: at the local socket only. */
export const loginLinksApi = resource(
  '/api/login-links',
  {
    'POST /': admin,
  },
  ({ loginLinks }: { loginLinks: LoginLinks }) =>
    router().post('/', body(loginLinkCreate), (c) =>
      c.json<LoginLink, 201>(loginLinks.make(c.env.caller, c.req.valid('json').username), 201),
    ),
);
