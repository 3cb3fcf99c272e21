import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Call, Context } from './context.ts';
import { live } from './life.ts';
import type { Settings } from './protocol.ts';
import type { Answer } from './requests.ts';
import { HttpError, type Params, Router } from './route-match.ts';

export type { RunEnd, RunHandle } from './calls.ts';
export { HostError } from './calls.ts';
export type { Call, Context } from './context.ts';
export type { Kv, KvListing } from './kv.ts';
export type { Log } from './log.ts';
export type { Asker, FailureCode, Json, KvEntry, Settings } from './protocol.ts';
export type { Answer } from './requests.ts';
export { HttpError } from './route-match.ts';

/** Answers one request. `request.signal` aborts when whoever asked has left. */
export type Handler<P = Record<string, string>> = (request: Request, call: Call<P>) => Answer | Promise<Answer>;

/** What a plugin does. Everything is optional. `Route`: its routes' names, found by TypeScript. */
export interface Plugin<Route extends string = string> {
  /** Before the first request. What it throws ends the plugin, which is started again later. */
  init?(context: Context): unknown;
  /** `'GET /cities/:city'` → what answers it. Paths begin below `/api/plugins/<id>`. */
  routes?: { [R in Route]: Handler<Params<R>> };
  /** What no route takes. Without it that is 404. */
  http?: Handler;
  /** A person changed the settings; `context.settings` has them already. */
  onSettings?(settings: Settings, context: Context): unknown;
  /** Before the end, when all requests are answered. A few seconds are left for it. */
  shutdown?(context: Context): unknown;
}

/**
 * Makes this process a plugin: connects it to the Toru that started it, and answers until it is told to end.
 * Call it once, in the file that the manifest's `run` names.
 *
 * @example
 * definePlugin({
 *   routes: { 'GET /hello/:name': (request, { params }) => ({ hello: params.name }) },
 * });
 */
export function definePlugin<Route extends string>(plugin: Plugin<Route>): void;
export function definePlugin(plugin: Plugin): void {
  if (process.argv.includes('--metadata')) {
    process.stdout.write(readFileSync(join(dirname(process.argv[1] ?? '.'), 'plugin.json')));
    return;
  }
  const router = new Router<Handler>(plugin.routes ?? {});
  live({
    init: (context) => plugin.init?.(context),
    settings: (settings, context) => plugin.onSettings?.(settings, context),
    shutdown: (context) => plugin.shutdown?.(context),
    answer: (context) => (request, about) => {
      const match = router.find(request.method, about.path);
      const handler = match?.handler ?? plugin.http;
      if (handler === undefined) throw new HttpError(404, `This plugin has nothing at ${about.path}.`);
      return handler(request, { ...context, params: match?.params ?? {}, user: about.user });
    },
  }).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  });
}
