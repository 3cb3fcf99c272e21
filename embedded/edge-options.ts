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
    routerConfig: z.object({ has_user_worker: z.boolean(), invoke_user_worker_ahead_of_assets: z.boolean() }),
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

/** The built Worker in a workerd of our own, with everything shut that miniflare opens for developers. */
export function edgeOptions(built: BuiltOptions, { script, page, port, persist, bindings }: EdgeSetup): MiniflareOptions {
  return {
    name: 'toru',
    modules: [{ type: 'ESModule', path: 'index.js', contents: script }],
    compatibilityDate: built.compatibilityDate,
    compatibilityFlags: built.compatibilityFlags,
    durableObjects: built.durableObjects,
    assets: { ...built.assets, directory: page },
    bindings,
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
