import * as z from 'zod';

/** What wrangler.toml says of the Worker, as embedded/worker-options.json and dist/worker/options.json have it. */
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
