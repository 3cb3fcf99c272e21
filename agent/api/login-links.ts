import { loginLinkCreate } from '../../shared/api.ts';
import type { LoginLink } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { body } from './validate.ts';

/** Links that log somebody in without a password: at the local socket only. */
export function loginLinksApi({ loginLinks }: Services) {
  return router().post('/', body(loginLinkCreate), (c) =>
    c.json<LoginLink, 201>(loginLinks.make(c.env.caller, c.req.valid('json').username), 201),
  );
}
