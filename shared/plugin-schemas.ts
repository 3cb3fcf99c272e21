import * as z from 'zod';
import { numberIn } from './api.ts';
import { shallowJson } from './json.ts';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_TTL_S, pluginId, pluginSettingName } from './plugins.ts';

/** The requests of the host's HTTP API about plugins: bodies, queries and path parameters. */

export const pluginParams = z.object({ id: pluginId });
/** POST /api/plugins/:id/enable. `sha256`: what was looked at and is accepted; needed when the files are new or changed. */
export const pluginEnable = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** PUT /api/plugin-admin/:id/settings: by name; those that are left out stay, null takes one back to its default. */
export const pluginSettingsPatch = z.record(pluginSettingName, z.union([z.string().max(4096), z.number(), z.boolean(), z.null()]));
export type PluginSettingsPatch = z.infer<typeof pluginSettingsPatch>;

/** POST /api/plugin-admin/install, at the local socket: a folder or an archive (.tgz) of this machine. */
export const pluginInstall = z.strictObject({ path: z.string().min(1).max(4096) });
/** DELETE /api/plugin-admin/:id: what happens to what it keeps. */
export const pluginUninstallQuery = z.strictObject({ data: z.enum(['keep', 'remove']) });

export const pluginLogsQuery = z.strictObject({
  limit: numberIn(1, 1000).default(200),
  /** Only lines older than this: `timestamp` of the oldest that is known. */
  before: z.iso.datetime().optional(),
  /** Goes on with what comes: at the local socket only. */
  follow: z.enum(['1', '0']).default('0'),
});

const kvKey = z.string().min(1).max(PLUGIN_KV_MAX_KEY);
export const pluginKvListQuery = z.strictObject({
  prefix: z.string().max(PLUGIN_KV_MAX_KEY).default(''),
  after: kvKey.optional(),
  limit: numberIn(1, 1000).default(100),
});
export const pluginKvKeyQuery = z.strictObject({ key: kvKey, if_version: numberIn(0, Number.MAX_SAFE_INTEGER).optional() });
export const pluginKvValue = z.strictObject({
  value: shallowJson,
  ttl_s: z.int().min(1).max(PLUGIN_KV_MAX_TTL_S).optional(),
  if_version: z.int().min(0).optional(),
});
