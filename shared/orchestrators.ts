import * as z from 'zod';
import { pageQuery, time } from './api.ts';
import { uuid } from './ids.ts';
import { visibleName } from './visible-name.ts';

/** Orchestrators: each watches the terminals of a folder, says which of them need somebody, and types into them where a person or a rule says so. */

export const MAX_ORCHESTRATORS = 50;
/** So that the audit holds every byte. */
export const MAX_INJECTED = 1000;

const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** Typed as it is: one paste, without what a keyboard's keys send. */
export const injectedText = z
  .string()
  .min(1)
  .max(MAX_INJECTED)
  .refine((text) => !/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text), 'text without control characters');

/** What is typed into a terminal that stalled, by itself. Only where the program's own word is that it waits for input. */
const rule = z.strictObject({ enabled: z.boolean().default(false), text: injectedText.default('continue') });

export const orchestrator = z.object({
  id: uuid,
  name: z.string(),
  /** Terminals in it and below; null: all of this host. */
  folder: uuid.nullable(),
  enabled: z.boolean(),
  interval_s: z.int(),
  /** Without output and work for so long, a terminal has stalled. */
  stall_s: z.int(),
  /** A command that runs for so long is told. */
  long_s: z.int(),
  /** Are people told of insights? */
  notify: z.boolean(),
  rule: z.object({ enabled: z.boolean(), text: z.string() }),
  /** Texts that are typed, by people and by the rule together. */
  max_per_hour: z.int(),
  created_at: time,
  /** How many insights are open. */
  open: z.int(),
});
export type Orchestrator = z.infer<typeof orchestrator>;

const fields = {
  name: visibleName(80),
  folder: uuid.nullable(),
  enabled: z.boolean(),
  interval_s: seconds(5, 3600),
  stall_s: seconds(10, 86_400),
  long_s: seconds(60, 7 * 86_400),
  notify: z.boolean(),
  rule,
  max_per_hour: z.int().min(1).max(60),
};

export const orchestratorCreate = z.strictObject({
  name: fields.name.optional(),
  folder: fields.folder.default(null),
  enabled: fields.enabled.default(true),
  interval_s: fields.interval_s.default(30),
  stall_s: fields.stall_s.default(300),
  long_s: fields.long_s.default(1800),
  notify: fields.notify.default(true),
  rule: rule.default({ enabled: false, text: 'continue' }),
  max_per_hour: fields.max_per_hour.default(6),
});
export type OrchestratorCreate = z.infer<typeof orchestratorCreate>;

export const orchestratorPatch = z.strictObject(fields).partial();
export type OrchestratorPatch = z.infer<typeof orchestratorPatch>;
export const orchestratorParams = z.object({ id: uuid });

export const insightKind = z.enum(['stalled', 'permission', 'error_loop', 'done', 'long_command', 'conflict']);
export type InsightKind = z.infer<typeof insightKind>;
export const insightState = z.enum(['open', 'acted', 'dismissed']);

/** What a terminal showed at that moment. `digest` names it: who types by an inject has seen this. */
export const evidence = z.object({ lines: z.array(z.string()), cursor: z.int(), digest: z.string() });
export type Evidence = z.infer<typeof evidence>;

export const insight = z.object({
  id: uuid,
  orchestrator: uuid,
  terminal: uuid,
  /** The terminal's name. */
  terminal_name: z.string(),
  kind: insightKind,
  /** What was seen, in a sentence. */
  reason: z.string(),
  evidence,
  /** A text that could be typed; null: nothing should be. */
  suggestion: z.string().nullable(),
  created_at: time,
  state: insightState,
});
export type Insight = z.infer<typeof insight>;

export const insightsQuery = z.strictObject({ ...pageQuery, state: insightState.optional() });
export type InsightsQuery = z.infer<typeof insightsQuery>;
export const insightParams = z.object({ id: uuid, insight: uuid });
export const insightPatch = z.strictObject({ state: insightState.exclude(['open']) });

/** First `text`, as one paste without Enter; then, with the digest of that answer, `enter`. */
export const injectRequest = z.union([
  z.strictObject({ terminal: uuid, digest: z.string().max(100), text: injectedText, insight: uuid.optional() }),
  z.strictObject({ terminal: uuid, digest: z.string().max(100), enter: z.literal(true), insight: uuid.optional() }),
]);
export type InjectRequest = z.infer<typeof injectRequest>;
/** The screen as it is after it. */
export type InjectAnswer = Evidence;

/** On the topic `orchestrators`. */
export type OrchestratorFrame =
  | { type: 'orchestrators.orchestrator'; orchestrator: Orchestrator }
  | { type: 'orchestrators.removed'; id: string }
  | { type: 'orchestrators.insight'; insight: Insight };
