import * as z from 'zod';
import { time } from './api.ts';

/** What the edge passes on of a request to `/hooks/:name`, and what the host answers. The host decides; the edge believes nobody. */

export const webhookName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export const MAX_WEBHOOK_BODY = 512 * 1024;
export const MAX_WEBHOOK_HEADERS = 32 * 1024;
export const MAX_WEBHOOK_QUERY = 8 * 1024;
/** So long the host holds its answer for a job's end; the edge asks again until the hook's own time is over. */
export const WEBHOOK_WAIT_S = 20;

/** Requests that the edge keeps of one hook while its host is away. */
export const MAX_KEPT_PER_HOOK = 100;
/** Of one address (an IPv6 network is one) to one hook: a stranger who knows its name can't take all of its room. */
export const MAX_KEPT_PER_ADDRESS = 50;
/** The body, the query and the headers of one that is kept, together. */
export const MAX_KEPT_BYTES = 64 * 1024;
/** Of all hooks of a host together: what strangers may make its edge store. */
export const MAX_KEPT_TOTAL = 500;
/** Hooks of a host whose requests are kept. */
export const MAX_KEPT_HOOKS = 50;
/** A request is kept for so long. */
export const KEPT_MS = 24 * 3_600_000;

/** The hooks of a host whose requests the edge keeps: their names alone, for the edge needs no more. */
export const keptHookNames = z.array(webhookName).max(MAX_KEPT_HOOKS);

/** POST /link/webhook. */
export const linkWebhook = z.object({
  name: webhookName,
  method: z.enum(['GET', 'POST']),
  /** Without its question mark. */
  query: z.string().max(MAX_WEBHOOK_QUERY),
  /** Their names in small letters. */
  headers: z.array(z.tuple([z.string(), z.string()])).max(200),
  /** The bytes as they came, in base64: signatures are over them. */
  body: z.string().max(Math.ceil(MAX_WEBHOOK_BODY / 3) * 4),
  address: z.string().max(64),
  /** Of a request that waited at the edge: the edge's id of it, the same at each try, and when it came, in ms since 1970. */
  kept: z.object({ id: z.uuid(), arrived_at: z.int().min(0).max(8_640_000_000_000_000) }).optional(),
});
export type LinkWebhook = z.infer<typeof linkWebhook>;

/** POST /link/webhook-job: how a job stands that such a request has started. */
export const linkWebhookJob = z.object({ name: webhookName, job_id: z.uuid() });
export type LinkWebhookJob = z.infer<typeof linkWebhookJob>;

export const webhookAnswer = z.object({
  job_id: z.uuid(),
  trigger: z.string(),
  task: z.string(),
  /** What the job came to; null while it runs. */
  ended: z
    .object({
      state: z.enum(['completed', 'failed', 'cancelled', 'skipped']),
      /** JSON. */ output: z.string(),
      error: z.string().nullable(),
    })
    .nullable(),
  /** So long, in seconds from the request, the sender waits for the end; 0: not at all. */
  wait_s: z.int().min(0).max(300),
});
export type WebhookAnswer = z.infer<typeof webhookAnswer>;

/** What a sender is answered whose request is kept. */
export interface KeptAnswer {
  kept: true;
  /** ISO 8601: after that it is not delivered any more. */
  expires_at: string;
}

/** The requests of a hook that wait at the edge, as admins see them. */
export const keptOfHook = z.object({ name: webhookName, count: z.int(), oldest_at: time });
export type KeptOfHook = z.infer<typeof keptOfHook>;
