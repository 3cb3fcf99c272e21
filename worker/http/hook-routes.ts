import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import {
  type KeptAnswer,
  MAX_WEBHOOK_BODY,
  MAX_WEBHOOK_HEADERS,
  MAX_WEBHOOK_QUERY,
  type WebhookAnswer,
  webhookName,
} from '../../shared/webhooks.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { tooLarge } from './edge-guard.ts';
import { withDataHeaders } from './headers.ts';
import { homeOf } from './home-of.ts';

/**
 * Other services start workflows here, without a session: `/hooks/:name` of the home host, `/h/:host/hooks/:name` of any host. Whether a
 * request may, the host decides by the hook's secret or signature, over the bytes as they came; the edge bounds and paces what it passes on,
 * and keeps it for a host that is away where the hook says so.
 */
export const hookRoutes = new Hono<EdgeEnv>()
  .use('/hooks/*', dataHeaders)
  .use('/h/:host/hooks/*', dataHeaders)
  .on(['GET', 'POST'], '/hooks/:name', (c) => passOn(c, c.req.param('name'), null))
  .on(['GET', 'POST'], '/h/:host/hooks/:name', (c) => passOn(c, c.req.param('name'), c.req.param('host')))
  .on(['GET', 'POST'], ['/hooks/*', '/h/:host/hooks/*'], () => {
    throw noSuchHook();
  })
  .all('/hooks/*', () => {
    throw noSuchMethod();
  })
  .all('/h/:host/hooks/*', () => {
    throw noSuchMethod();
  });

async function dataHeaders(c: EdgeContext, next: () => Promise<void>): Promise<void> {
  await next();
  c.res = withDataHeaders(c.res, c.get('site'));
}

function noSuchMethod(): ToruError {
  return new ToruError('method_not_allowed', 'A hook takes POST, or GET where it says so.', { extra: { allow: 'GET, POST' } });
}

function noSuchHook(): ToruError {
  return new ToruError('not_found', 'There is no such hook.');
}

/** @param of the host's id; null: the home host. */
async function passOn(c: EdgeContext, hook: string, of: string | null): Promise<Response> {
  // To routes a HEAD is a GET. A program that only looks whether an address is there starts nothing.
  if (c.req.method === 'HEAD') throw noSuchMethod();
  const name = webhookName.safeParse(hook);
  if (!name.success) throw noSuchHook();
  const began = Date.now();
  const body = c.req.method === 'GET' ? new Uint8Array() : await readBytes(c.req.raw);
  const id = of === null ? unwrap(await homeOf(c)).id : await known(c, of);
  const host = hostOf(c.env, id);
  const request = {
    name: name.data,
    method: c.req.method === 'GET' ? ('GET' as const) : ('POST' as const),
    query: queryOf(c.req.raw.url),
    headers: headersOf(c.req.raw.headers),
    body: base64Of(body),
    address: c.get('address').slice(0, 64),
  };
  let answer = unwrap(await host.webhook(request));
  while (!('kept' in answer) && answer.ended === null && Date.now() - began < answer.wait_s * 1000) {
    const before = Date.now();
    answer = { ...answer, ...unwrap(await host.webhookJob({ name: name.data, job_id: answer.job_id })) };
    // A host that does not hold its answer is not asked in a circle.
    if (answer.ended === null && Date.now() - before < 500) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return 'kept' in answer ? c.json(answer satisfies KeptAnswer, 202) : answered(c, answer);
}

/** Only of a host that the installation knows is there an object to ask. @throws ToruError not_found */
async function known(c: EdgeContext, host: string): Promise<string> {
  const found = (await accountOf(c.env).hosts()).find(({ id }) => id === host);
  if (found === undefined) throw noSuchHook();
  return found.id;
}

function answered(c: EdgeContext, { job_id, trigger, task, ended }: WebhookAnswer): Response {
  const started = { job_id, trigger, task };
  return ended === null
    ? c.json(started, 202)
    : c.json({ ...started, status: ended.state, output: parseJsonOrNull(ended.output), error: ended.error });
}

/** @throws ToruError too_large */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_WEBHOOK_BODY) throw tooLarge(MAX_WEBHOOK_BODY);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > MAX_WEBHOOK_BODY) throw tooLarge(MAX_WEBHOOK_BODY);
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @throws ToruError too_large */
function queryOf(url: string): string {
  const query = new URL(url).search.slice(1);
  if (query.length > MAX_WEBHOOK_QUERY)
    throw new ToruError('too_large', `The query of a hook may have ${MAX_WEBHOOK_QUERY} characters at most. Send more in the body.`);
  return query;
}

/** None of a person's session, and none that our own edge made. @throws ToruError too_large */
function headersOf(headers: Headers): [string, string][] {
  const kept = [...headers].filter(([name]) => name !== 'cookie' && !/^(?:x-toru-|cf-|x-forwarded-|x-real-ip$)/.test(name));
  if (kept.length > 200 || kept.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > MAX_WEBHOOK_HEADERS)
    throw new ToruError('too_large', `The headers of a hook may have ${MAX_WEBHOOK_HEADERS} characters at most.`);
  return kept;
}

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
