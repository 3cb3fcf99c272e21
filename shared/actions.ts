import * as z from 'zod';
import type { List } from './api.ts';
import { time } from './api.ts';
import { isOneEmoji } from './emoji.ts';
import { actionId, userId } from './ids.ts';
import { actionInput, confirmation, inputValue } from './inputs.ts';
import { MAX_GRACE_S, MAX_VARIABLE_CHARS, MAX_VARIABLES } from './limits.ts';
import { pluginId } from './plugins.ts';
import { RUN_RESULTS } from './run-state.ts';
import { runSummary } from './runs.ts';
import { visibleName } from './visible-name.ts';

/** Actions, as they cross borders, and what may be set on them. */

/** A name from the page's icon set, or one emoji. The page falls back to a plain play sign for a name that it does not know. */
const icon = z
  .string()
  .min(1)
  .max(40)
  .refine((text) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text) || isOneEmoji(text), 'a name of the icon set, or one emoji');

export const COLORS = ['slate', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink'] as const;

/** How much room a tile takes on the home: one place, two beside each other, or two by two. */
export const TILE_SIZES = ['normal', 'wide', 'large'] as const;
const tileSize = z.enum(TILE_SIZES);
export type TileSize = z.infer<typeof tileSize>;

/** Names that a shell can pass on. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** The fields that may be set on an action; `label` and `script` suffice to make one. */
export const actionFields = z.object({
  id: actionId.optional(),
  label: visibleName(80),
  description: z.string().max(500).default(''),
  script: z.string().min(1).max(1024),
  /** Fixed arguments, before those that come from inputs. */
  args: z.array(z.string().max(4096)).max(64).default([]),
  /** Fixed variables, by name. An admin's own word: they may decide which code runs. */
  env: z
    .record(z.string().regex(VARIABLE, 'a name of a variable: letters, digits and underscores'), z.string().max(MAX_VARIABLE_CHARS))
    .refine((variables) => Object.keys(variables).length <= MAX_VARIABLES, `at most ${MAX_VARIABLES} variables`)
    .default({}),
  /** The heading under which its tile stands; '' = none. Groups follow one another as their first actions do. */
  group: z.string().trim().max(40).default(''),
  icon: icon.default('play'),
  color: z.enum(COLORS).default('slate'),
  inputs: z.array(actionInput).max(32).default([]),
  confirm: confirmation.default('none'),
  /** Seconds until TERM; 0 = never. */
  timeout_s: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(0),
  /** How a run is asked to leave, by a cancel and at its timeout; … */
  stop_signal: z.enum(['TERM', 'INT', 'HUP', 'QUIT']).default('TERM'),
  /** … and how many seconds it has for that before KILL; null = the ten that every run has. */
  grace_s: z.int().min(0).max(MAX_GRACE_S).nullable().default(null),
  /** Runs of this action at the same time; 0 = any number. */
  max_concurrent: z.int().min(0).max(1000).default(0),
  when_full: z.enum(['queue', 'refuse']).default('queue'),
  /** Which clients may press it: everyone, or those named by id. Admins always may. */
  allow: z.union([z.literal('everyone'), z.array(userId).max(1000)]).default([]),
  /** Keep the script's standard input open for what a viewer types. */
  stdin: z.boolean().default(false),
  /** Give the script a terminal of its own, which viewers type into. */
  tty: z.boolean().default(false),
});
export type ActionFields = z.infer<typeof actionFields>;

export const action = actionFields.required({ id: true }).extend({
  position: z.int(),
  /** As an admin arranged it, for everyone. */
  size: tileSize,
  /** Raised by every change; a queued run remembers the one it was asked under. */
  revision: z.int(),
  created_at: time,
  updated_at: time,
  /** The newest run that the asker may see, and how many are under way. */
  last_run: runSummary.extend({ waiting_for_input: z.boolean().optional() }).nullable(),
  running: z.int(),
  queued: z.int(),
  /** What the asker answered the last time to the inputs that say `remember`: for a form to begin with. */
  remembered: z.record(z.string(), inputValue),
  /** How the newest ended runs went that the asker may see, oldest first: ten at most. */
  results: z.array(z.enum(RUN_RESULTS)),
  /** Has the asker marked it as a favourite? Theirs alone, on every device. */
  favourite: z.boolean(),
  /** When the asker last started it; null = never, as far as the history goes. */
  last_used_at: time.nullable(),
  /** When a schedule starts it next; null = none does. */
  next_run_at: time.nullable(),
  /** Set when a press would fail now (the script is gone, or may not be run), in a sentence. */
  problem: z.string().nullable(),
  /**
   * SHA-256, hex, of what a press runs: the script's bytes and what the action gives it. Actions of several hosts with the same id and the
   * same hash are one to a person who presses them. Null while there is a problem.
   */
  content_hash: z.string().nullable(),
});
export type Action = z.infer<typeof action>;

/** An action as a client sees it: no script, nothing of how it is started and stopped, no `allow`. */
export const clientAction = action.omit({ script: true, args: true, env: true, stop_signal: true, grace_s: true, allow: true });
export type ClientAction = z.infer<typeof clientAction>;

/** GET /api/actions: with the cards of plugins that stand among the tiles. */
export interface ActionList extends List<Action | ClientAction> {
  cards: ShownCard[];
}

export const actionParams = z.object({ id: actionId });

/** POST /api/actions: `label` and `script` suffice. */
export const actionCreate = z.strictObject(actionFields.shape);
export type ActionCreate = z.infer<typeof actionCreate>;

/** PATCH /api/actions/:id: what is left out stays as it is, so nothing here has a default. */
export const actionPatch = z.strictObject({
  label: actionFields.shape.label.optional(),
  description: actionFields.shape.description.unwrap().optional(),
  script: actionFields.shape.script.optional(),
  args: actionFields.shape.args.unwrap().optional(),
  env: actionFields.shape.env.unwrap().optional(),
  group: actionFields.shape.group.unwrap().optional(),
  icon: actionFields.shape.icon.unwrap().optional(),
  color: actionFields.shape.color.unwrap().optional(),
  inputs: actionFields.shape.inputs.unwrap().optional(),
  confirm: actionFields.shape.confirm.unwrap().optional(),
  timeout_s: actionFields.shape.timeout_s.unwrap().optional(),
  stop_signal: actionFields.shape.stop_signal.unwrap().optional(),
  grace_s: actionFields.shape.grace_s.unwrap().optional(),
  max_concurrent: actionFields.shape.max_concurrent.unwrap().optional(),
  when_full: actionFields.shape.when_full.unwrap().optional(),
  allow: actionFields.shape.allow.unwrap().optional(),
  stdin: actionFields.shape.stdin.unwrap().optional(),
  tty: actionFields.shape.tty.unwrap().optional(),
  /** The revision that was edited: another one in the meantime is a `conflict`. */
  revision: z.int().optional(),
});
export type ActionPatch = z.infer<typeof actionPatch>;

/** A plugin's card among the tiles, as an admin placed it for everyone: so many actions stand before it. */
const homeCard = z.strictObject({ plugin: pluginId, position: z.int().min(0).max(10_000), size: tileSize });
export type HomeCard = z.infer<typeof homeCard>;
/** As somebody sees it. @property before the action of theirs whose tile it stands before; null: behind the last one. */
export type ShownCard = HomeCard & { before: string | null };

/** Cards among the tiles, at most. */
const MAX_HOME_CARDS = 50;

/** PUT /api/actions/order: every action’s id, once; the sizes that change; and all cards that stand among the tiles, if those are placed, too. */
export const actionOrder = z.strictObject({
  ids: z.array(actionId).max(10_000),
  sizes: z.record(actionId, tileSize).optional(),
  cards: z
    .array(homeCard)
    .max(MAX_HOME_CARDS)
    .refine((cards) => new Set(cards.map(({ plugin }) => plugin)).size === cards.length, 'each plugin once')
    .optional(),
});
export type ActionOrder = z.infer<typeof actionOrder>;

/** PUT /api/actions/:id/favourite: the asker's own mark. */
export const favouriteRequest = z.strictObject({ favourite: z.boolean() });
