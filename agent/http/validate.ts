import { zValidator } from '@hono/zod-validator';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { MAX_JSON_BODY } from '../../shared/limits.ts';
import { takesBytes } from '../../shared/tunnel.ts';
import type { ApiEnv } from './router.ts';
import '../../shared/schema-words.ts';

/** Requests become plain typed values here, or are refused in the one shape of errors, with the field's name. */

/** The JSON body by `schema`: `c.req.valid('json')`. */
export function body<T extends z.ZodType>(schema: T) {
  return zValidator('json', schema, refuse);
}

/** The query string by `schema`: `c.req.valid('query')`. */
export function query<T extends z.ZodType>(schema: T) {
  return zValidator('query', schema, refuse);
}

/** The path's parameters by `schema`: `c.req.valid('param')`. An id that can't be one names nothing: 400, not 404. */
export function params<T extends z.ZodType>(schema: T) {
  return zValidator('param', schema, refuse);
}

function refuse(result: { success: boolean; error?: { readonly issues: readonly Issue[] } }): void {
  if (result.success) return;
  const issue = result.error?.issues[0];
  const field = issue === undefined ? '' : fieldOf(issue);
  const message = issue?.message ?? 'not as expected';
  throw new ToruError('bad_request', field === '' ? `The request is not as expected: ${message}.` : `“${field}”: ${message}.`, {
    extra: field === '' ? {} : { field },
  });
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly keys?: readonly string[];
}

/** `inputs.0.pass.variable`; for an unknown field, that field. */
function fieldOf(issue: Issue): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...(issue.keys ?? []).slice(0, 1)] : issue.path;
  return path.map(String).join('.').slice(0, 200);
}

const limit = bodyLimit({
  maxSize: MAX_JSON_BODY,
  onError: () => {
    throw new ToruError('too_large', `The body is larger than ${MAX_JSON_BODY} bytes.`);
  },
});

/** Before every route but those that take bytes: a body is JSON, of bounded size, and says so. */
export const jsonUnlessBytes: MiddlewareHandler<ApiEnv> = (c, next) => (takesBytes(c.req.path) ? next() : jsonOnly(c, next));

export const jsonOnly: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.raw.body === null || c.req.method === 'GET' || c.req.method === 'HEAD' || isBare(c)) return next();
  return limit(c, async () => {
    const text = await c.req.text();
    if (text !== '') {
      const parse = (): unknown => jsonOf(text, c.req.header('content-type'));
      const parsed = await (c.env.turn === undefined ? parse() : c.env.turn(parse));
      // Whoever asks for it gets this: Hono would parse the text once more.
      Object.defineProperty(c.req, 'json', { value: () => Promise.resolve(parsed) });
    }
    await next();
  });
};

/** At the local socket a request without these headers has no body (RFC 9112, 6.3), though Node's has a stream for one. */
export function isBare(c: Context<ApiEnv>): boolean {
  const { req } = c;
  return c.env.caller.via === 'local' && req.header('content-length') === undefined && req.header('transfer-encoding') === undefined;
}

/** @throws ToruError unsupported_media_type, bad_json. */
function jsonOf(text: string, type: string | undefined): unknown {
  if (type === undefined || !/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new ToruError('unsupported_media_type', 'Send JSON, with “content-type: application/json”.');
  }
  return parseJson(text, 'The body');
}
