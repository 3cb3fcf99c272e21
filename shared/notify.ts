import * as z from 'zod';
import { time } from './api.ts';
import { actionId, taskId, uuid } from './ids.ts';
import { isTimeZone } from './quiet-hours.ts';

/** Who is told when a run ends or a threshold of the host is crossed: the devices that a person registered, and the addresses of an action or of the host. */

export const tellWhen = z.enum(['always', 'failure', 'never']);
export type TellWhen = z.infer<typeof tellWhen>;

const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time such as 22:00');
export const quietHours = z.strictObject({
  from: clock,
  to: clock,
  time_zone: z.string().min(1).max(60).refine(isTimeZone, 'a time zone such as Europe/Berlin'),
});

/** Of the page that asks, as BCP 47 has it: `de`, `pt-BR`. What the host has no texts for is said in English. */
const language = z.string().regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'a language such as de');

/** The longest endpoint of a push service that is kept. Those of Microsoft have about 500 characters. */
const MAX_ENDPOINT = 1000;
/** So many devices of one user, each with so many actions and runs that it follows; and so many of all users. */
export const MAX_DEVICES_PER_USER = 10;
export const MAX_DEVICES = 200;
export const MAX_FOLLOWS = 200;
export const MAX_WATCHED_RUNS = 200;

/** POST /api/notify/devices: what the browser’s `PushSubscription` says of itself. */
export const deviceCreate = z.strictObject({
  endpoint: z.string().max(MAX_ENDPOINT).refine(URL.canParse, 'an address is expected'),
  keys: z.strictObject({
    /** An uncompressed point of P-256. */
    p256dh: z.string().regex(/^B[\w-]{86}$/, 'a key of 65 bytes in base64url, as the browser gives it'),
    auth: z.string().regex(/^[\w-]{22}$/, 'a secret of 16 bytes in base64url, as the browser gives it'),
  }),
  /** Where this device opens the page: a notification leads there. */
  origin: z.url({ protocol: /^https?$/ }).max(300),
  name: z.string().trim().min(1).max(80),
  /** The language of its messages. Absent: as before, at first English. */
  language: language.optional(),
});
export type DeviceCreate = z.infer<typeof deviceCreate>;

/** PATCH /api/notify/devices/:id. */
export const devicePatch = z.strictObject({
  name: z.string().trim().min(1).max(80).optional(),
  /** Of runs that the user started. */
  own_runs: tellWhen.optional(),
  /** Of the host: that it is away, and that it is back. */
  host: z.boolean().optional(),
  /** Of the host’s thresholds: that one is crossed, and that this is over. Admins only. */
  thresholds: z.boolean().optional(),
  /** Of jobs that a trigger started, and of triggers that could not start one; unless `never`, of what jobs ask, too. Admins only. */
  jobs: tellWhen.optional(),
  /** Of terminals: that one asks for permission, waits, is done or does not go on, and what its program wants told. Admins only. */
  terminals: z.boolean().optional(),
  /** Of terminals that ring, where nobody typed just now. Admins only. */
  bells: z.boolean().optional(),
  quiet: quietHours.nullable().optional(),
  /** Nothing is told before this time, once; what ends until then is told after it. */
  silent_until: time.nullable().optional(),
  language: language.optional(),
});
export type DevicePatch = z.infer<typeof devicePatch>;

export const deviceParams = z.object({ id: uuid });
export const followParams = z.object({ id: uuid, action: actionId });
export const follow = z.strictObject({ when: tellWhen });
export const watchParams = z.object({ id: uuid, task: taskId });
export const watch = z.strictObject({ tell: z.boolean() });

/** A device that is told. It lives as long as the session in which it was registered. */
export const notifyDevice = z.object({
  id: uuid,
  name: z.string(),
  /** Is it of the session that asks? */
  current: z.boolean(),
  created_at: time,
  own_runs: tellWhen,
  host: z.boolean(),
  thresholds: z.boolean(),
  /** Counts for admins alone. */
  jobs: tellWhen,
  terminals: z.boolean(),
  bells: z.boolean(),
  quiet: quietHours.nullable(),
  /** Not told anything before this time; null where there is none, or it has passed. Absent from a host of an earlier version. */
  silent_until: time.nullable().optional(),
  /** The language of its messages; null: English. */
  language: z.string().nullable(),
  /** Actions that it follows. */
  follows: z.array(z.object({ action: z.string(), when: tellWhen })),
  /** Runs of which it is told once. */
  runs: z.array(taskId),
  /** When the push service last took a message. */
  sent_at: time.nullable(),
  /** Why the last message was not taken, in a sentence. */
  problem: z.string().nullable(),
});
export type NotifyDevice = z.infer<typeof notifyDevice>;

/** GET /api/notify. */
export interface NotifySelf {
  /** The host’s VAPID key, which a subscription is made for: an uncompressed point of P-256 in base64url. */
  public_key: string;
  items: NotifyDevice[];
  /** The origin of tests that counts as a push service here; null on every real host. */
  test_origin: string | null;
}

/** An address that an admin enters. Private ones are the admin’s own choice; credentials in it would end in logs. */
const targetUrl = z
  .string()
  .max(1000)
  .refine(isWebAddress, { error: 'an address that begins with https:// or http://', abort: true })
  .refine((text) => {
    const { username, password, hash } = new URL(text);
    return username === '' && password === '' && hash === '';
  }, 'without a name, a password or a # in it')
  .refine((text) => !isLinkLocal(new URL(text).hostname), 'not an address of 169.254.0.0/16 or fe80::/10, nor another of a cloud’s own');

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Addresses of one cable, where clouds keep their machines’ secrets: 169.254.0.0/16, also inside an address of IPv6 (mapped, compatible,
 * translated, 6to4: RFC 4291, 6052, 3056), fe80::/10, and that of AWS for IPv6.
 */
function isLinkLocal(hostname: string): boolean {
  return /^169\.254\.|^\[(?:fe[89ab]|::(?:ffff:(?:0:)?)?a9fe:|64:ff9b::a9fe:|2002:a9fe:|fd00:ec2::254\])/i.test(hostname);
}

/** PUT /api/notify/actions/:id/ntfy, and /api/notify/host/ntfy. */
export const ntfyTarget = z.strictObject({
  url: targetUrl,
  when: tellWhen,
  /** An access token of the server; null takes the kept one away, absent keeps it. */
  token: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'a token without spaces')
    .nullable()
    .optional(),
});
export type NtfyTarget = z.infer<typeof ntfyTarget>;

/** PUT /api/notify/actions/:id/webhook, and /api/notify/host/webhook. */
export const webhookTarget = z.strictObject({
  url: targetUrl,
  when: tellWhen,
  /** Makes a new secret, which is in the answer; the old one is worth nothing from then on. */
  new_secret: z.boolean().optional(),
});
export type WebhookTarget = z.infer<typeof webhookTarget>;

export const TARGET_KINDS = ['ntfy', 'webhook'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];
export const actionTargetsParams = z.object({ id: actionId });
export const targetParams = z.object({ id: actionId, kind: z.enum(TARGET_KINDS) });
export const hostTargetParams = z.object({ kind: z.enum(TARGET_KINDS) });

/** What is kept of one address, and how it went there. Of the host, `failure` means: when a threshold is crossed, not when that is over. */
export interface TargetShown {
  url: string;
  when: TellWhen;
  /** ntfy: is a token kept? Webhook: always true. */
  secret: boolean;
  /** Messages that wait to be taken. */
  waiting: number;
  sent_at: string | null;
  /** Why the last try failed, in a sentence. */
  problem: string | null;
  /** When Toru last gave a message up, and how many so far. */
  gave_up_at: string | null;
  gave_up: number;
}

/** GET /api/notify/actions/:id, and /api/notify/host. */
export interface ActionTargets {
  ntfy: TargetShown | null;
  webhook: TargetShown | null;
}

/** The answer to a webhook’s PUT: its secret, when one was just made. It is shown once. */
export interface WebhookSaved extends ActionTargets {
  secret?: string;
}
