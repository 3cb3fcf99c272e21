import type { MiddlewareHandler } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { LINK_PATH } from '../../shared/link-protocol.ts';
import type { EdgeEnv } from './edge-context.ts';

/** The routes that the edge answers itself. Everything else below /api is the host's. */
const METHODS: readonly (readonly [path: RegExp, methods: readonly string[]])[] = [
  [/^\/api\/login$/, ['POST']],
  [/^\/api\/login\/link$/, ['POST']],
  [/^\/api\/logout$/, ['POST']],
  [/^\/api\/me$/, ['GET', 'HEAD']],
  [/^\/api\/sessions$/, ['GET', 'HEAD', 'DELETE']],
  [/^\/api\/sessions\/[^/]+$/, ['GET', 'HEAD', 'DELETE']],
  [/^\/api\/hosts$/, ['GET', 'HEAD']],
  [/^\/api\/hosts\/[^/]+\/me$/, ['GET', 'HEAD']],
  [/^\/api\/hosts\/[^/]+\/pending\/[^/]+$/, ['DELETE']],
  [/^\/api\/pair(?:\/token)?$/, ['POST']],
  [/^\/api\/health$/, ['GET', 'HEAD']],
  [/^\/api\/(?:hosts\/[^/]+\/)?ws$/, ['GET']],
  [new RegExp(`^${LINK_PATH}$`), ['GET']],
];

/** 405 with `Allow` for a path of ours and a method that it does not have. */
export const knownMethods: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const methods = METHODS.find(([path]) => path.test(c.req.path))?.[1];
  if (methods !== undefined && !methods.includes(c.req.method)) {
    const allow = methods.join(', ');
    throw new ToruError('method_not_allowed', `This address takes ${allow}.`, { extra: { allow } });
  }
  await next();
};
