import * as z from 'zod';

/** What the edge passes on of a request to `/hooks/:name`, and what the host answers. The host decides; the edge believes nobody. */

export const webhookName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export const MAX_WEBHOOK_BODY = 512 * 1024;
export const MAX_WEBHOOK_HEADERS = 32 * 1024;
/** So long the host holds its answer for a job's end; the edge asks again until the hook's own time is over. */
export const WEBHOOK_WAIT_S = 20;

/** POST /link/webhook. */
export const linkWebhook = z.object({
  name: webhookName,
  method: z.enum(['GET', 'POST']),
  /** Without its question mark. */
  query: z.string().max(8192),
  /** Their names in small letters. */
  headers: z.array(z.tuple([z.string(), z.string()])).max(200),
  /** The bytes as they came, in base64: signatures are over them. */
  body: z.string().max(Math.ceil(MAX_WEBHOOK_BODY / 3) * 4),
  address: z.string().max(64),
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
