import * as z from 'zod';
import { time } from './api.ts';
import { actionId } from './ids.ts';

/** Plugins, as the host's API and the page know them. What a plugin itself says and hears: plugin-sdk/src/protocol.ts. */

/** Also the name of its folder or file, and a part of its paths and topics. */
export const pluginId = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'small letters, digits and hyphens, at most 40');

/** The users who may reach a plugin's routes and page. The plugin learns the asker, and may refuse more. */
export const pluginAccess = z.enum(['admin', 'everyone']);

/** Where its page may stand: a page of its own, a card on the home page. */
export const pluginSlot = z.enum(['page', 'card']);
export type PluginSlot = z.infer<typeof pluginSlot>;

/** A path of the plugin's own folder: no step up, no absolute one, no hidden file. */
const insidePath = z
  .string()
  .max(200)
  .regex(/^(?!\.)[\w.-]+(?:\/(?!\.)[\w.-]+)*$/, 'a path inside the plugin’s folder');

export const pluginSettingName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'small letters, digits and underscores, beginning with a letter');
const settingCommon = {
  name: pluginSettingName,
  label: z.string().min(1).max(80),
  help: z.string().max(300).default(''),
  required: z.boolean().default(false),
};

/** The settings that a person may change, in the form that the page makes of it. */
export const pluginSetting = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    ...settingCommon,
    default: z.string().max(4096).optional(),
    max_length: z.int().min(1).max(4096).default(4096),
  }),
  z.strictObject({
    type: z.literal('number'),
    ...settingCommon,
    default: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('boolean'), ...settingCommon, default: z.boolean().default(false) }),
  z.strictObject({
    type: z.literal('choice'),
    ...settingCommon,
    options: z
      .array(z.strictObject({ value: z.string().max(200), label: z.string().max(80).optional() }))
      .min(1)
      .max(100),
    default: z.string().optional(),
  }),
  /** Told to the plugin, and to nobody else again. */
  z.strictObject({ type: z.literal('secret'), ...settingCommon, max_length: z.int().min(1).max(4096).default(4096) }),
]);
export type PluginSetting = z.infer<typeof pluginSetting>;

/**
 * The description that a plugin gives of itself: `plugin.json` in its folder, or what it prints when it is started with `--metadata`.
 * Published as docs/plugin-manifest.schema.json.
 */
export const pluginManifest = z.strictObject({
  $schema: z.string().optional(),
  id: pluginId,
  name: z.string().trim().min(1).max(80),
  version: z.string().regex(/^\d+\.\d+\.\d+(?:[-+][\w.+-]{1,40})?$/, 'a version such as 1.2.3'),
  /** Versions of the protocol that it speaks. */
  protocol: z
    .strictObject({ min: z.int().min(1).max(1000), max: z.int().min(1).max(1000) })
    .refine(({ min, max }) => min <= max, 'min may not be above max'),
  /** A name from the page's icon set, or one emoji. */
  icon: z.string().min(1).max(40).default('puzzle'),
  description: z.string().max(500).default(''),
  author: z.string().max(120).optional(),
  homepage: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .optional(),
  /**
   * The command that starts it, in its folder: argv, the first part a path inside the folder, or `node` for the agent's own Node.js.
   * Only in plugin.json. Without it: the executable named `plugin`, or that is the plugin.
   */
  run: z.array(z.string().min(1).max(500)).min(1).max(20).optional(),
  access: pluginAccess.default('admin'),
  /** Its routes, for people and for other programs. Those that do not stand here are forwarded, too, under `access`. */
  routes: z
    .array(
      z.strictObject({
        method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
        /** Below its own prefix; a part that begins with `:` stands for anything. */
        path: z
          .string()
          .max(200)
          .regex(/^\/[\w./:-]*$/),
        description: z.string().max(200).default(''),
        access: pluginAccess.optional(),
      }),
    )
    .max(100)
    .default([]),
  page: z
    .strictObject({
      /** One JavaScript file, at most 2 MiB. */
      bundle: insidePath,
      slots: z.array(pluginSlot).min(1).max(2),
      /** May its page use its storage without asking the plugin? Everybody with access to the plugin can then. */
      kv: z.enum(['none', 'read', 'write']).default('none'),
    })
    .optional(),
  settings: z.array(pluginSetting).max(40).default([]),
  /** Variables of the agent's environment that it gets. Nothing else is handed on but PATH. */
  environment: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/))
    .max(40)
    .default([]),
  capabilities: z
    .strictObject({
      /** Quick actions, by id, that it may start. */
      run: z.array(actionId).max(40).default([]),
    })
    .default({ run: [] }),
});
export type PluginManifest = z.infer<typeof pluginManifest>;

export const pluginState = z.enum([
  /** Found, and never enabled. Nothing of it runs. */
  'new',
  'disabled',
  'starting',
  'running',
  /** It crashed, and is started again at `retry_at`. */
  'waiting',
  'stopping',
  /** Crashed too often: disabled until somebody enables it. */
  'failed',
  /** Its files are not those that were accepted. */
  'changed',
  /** It can't be started as it is: `problem` says why. */
  'broken',
  /** Its folder is gone; its data is kept. */
  'missing',
]);
export type PluginState = z.infer<typeof pluginState>;

/** A line of GET /api/plugins, and what the topic `plugins` carries. */
export const pluginSummary = z.object({
  id: pluginId,
  name: z.string(),
  version: z.string(),
  icon: z.string(),
  description: z.string(),
  state: pluginState,
  enabled: z.boolean(),
  /** Why it does not run, with the next step. */
  problem: z.string().nullable(),
  /** Crashes since it was last healthy for ten minutes. */
  crashes: z.int(),
  started_at: time.nullable(),
  retry_at: time.nullable(),
  access: pluginAccess,
  /** Null when it brings no page. `revision` changes with the bundle. */
  page: z.object({ slots: z.array(pluginSlot), kv: z.enum(['none', 'read', 'write']), revision: z.string() }).nullable(),
});
export type PluginSummary = z.infer<typeof pluginSummary>;

export const pluginEvent = z.object({
  time,
  /** `found`, `accepted`, `enabled`, `started`, `stopped`, `crashed`, `hung`, `restarted`, `disabled`, `changed`, `uninstalled`, … */
  event: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type PluginEvent = z.infer<typeof pluginEvent>;

/** GET /api/plugins/:id, for admins. A client gets the summary. */
export const pluginDetails = pluginSummary.extend({
  manifest: pluginManifest.nullable(),
  /** SHA-256 of its files now, and as they were accepted. */
  sha256: z.string().nullable(),
  accepted_sha256: z.string().nullable(),
  pid: z.int().nullable(),
  /** By name. Of a secret only whether it is set: true or absent. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  kv: z.object({ keys: z.int(), bytes: z.int(), quota_bytes: z.int() }),
  /** Newest first, the last 50. */
  events: z.array(pluginEvent),
});
export type PluginDetails = z.infer<typeof pluginDetails>;

/** A line of a plugin's log file, and of GET /api/plugins/:id/logs. */
export const pluginLogLine = z.object({
  timestamp: time,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  plugin: z.string(),
  message: z.string(),
  error: z.string().optional(),
  /** Where it came from: said by protocol, or printed. */
  source: z.enum(['log', 'stdout', 'stderr', 'supervisor']),
  fields: z.record(z.string(), z.unknown()).optional(),
});
export type PluginLogLine = z.infer<typeof pluginLogLine>;

// Numbers

/** Kept for one plugin, keys and values together. */
export const PLUGIN_KV_QUOTA = 16 * 1024 * 1024;
export const PLUGIN_KV_MAX_VALUE = 256 * 1024;
export const PLUGIN_KV_MAX_KEY = 512;
/** Ten years. What is to stay longer is kept without an end. */
export const PLUGIN_KV_MAX_TTL_S = 10 * 365 * 86_400;
export const PLUGIN_MAX_BUNDLE = 2 * 1024 * 1024;
export const PLUGIN_MAX_EVENT = 64 * 1024;
