import type { MiniflareOptions } from 'miniflare';
import { Log, LogLevel } from 'miniflare';
import { z } from 'zod';

/** What embedded/build.ts takes from wrangler.toml, as it stands in dist/worker/options.json. */
export const builtOptions = z.object({
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  durableObjects: z.record(z.string(), z.object({ className: z.string(), useSQLite: z.boolean() })),
  assets: z.object({
    binding: z.string(),
    /** `run_worker_first`: the Worker is asked, and asks for the page itself. */
    routerConfig: z.object({ has_user_worker: z.literal(true), invoke_user_worker_ahead_of_assets: z.literal(true) }),
    assetConfig: z.object({ not_found_handling: z.literal('single-page-application'), compatibility_date: z.string() }),
  }),
});
export type BuiltOptions = z.infer<typeof builtOptions>;

export interface EdgeSetup {
  /** The Worker's code. */
  script: string;
  /** The folder of the built page. */
  page: string;
  /** 0: any free one. Always on loopback. */
  port: number;
  /** Where the objects keep what they store; null: in memory. */
  persist: string | null;
  bindings: Record<string, string>;
}

/**
 * The built Worker in a workerd of our own, with everything shut that miniflare opens for developers. The page is a Worker
 * of its own: before one with assets miniflare puts two of its, and each frame of each socket would pass them.
 */
export function edgeOptions(built: BuiltOptions, { script, page, port, persist, bindings }: EdgeSetup): MiniflareOptions {
  const { compatibilityDate, compatibilityFlags, durableObjects, assets } = built;
  const code = (contents: string) => [{ type: 'ESModule' as const, path: 'index.js', contents }];
  return {
    workers: [
      {
        name: 'toru',
        modules: code(script),
        compatibilityDate,
        compatibilityFlags,
        durableObjects,
        bindings,
        serviceBindings: { [assets.binding]: 'page' },
      },
      {
        name: 'page',
        modules: code('export default {};'),
        compatibilityDate,
        assets: { directory: page, assetConfig: assets.assetConfig, routerConfig: { has_user_worker: false } },
      },
    ],
    host: '127.0.0.1',
    port,
    // It would ask Cloudflare who we are.
    cf: false,
    unsafeLocalExplorer: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
    ...(persist === null ? {} : { durableObjectsPersist: persist }),
  };
}
