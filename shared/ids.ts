import * as z from 'zod';

/** The fixed grammar of every id that may stand in a path or a topic: nothing in it needs decoding or escaping. */
export const uuid = z.uuid().transform((id) => id.toLowerCase());
export const taskId = uuid;
export const userId = uuid;
export const hostId = uuid;
export const sessionId = uuid;

/** An action's id: a UUID, or a slug that a person chose. */
export const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
export const actionId = z.string().regex(SLUG, 'small letters, digits and hyphens, at most 64');

/** SHA-256 of a session token, hex: what the edge and the agent call a session by. The token stays in the cookie. */
export const sid = z.string().regex(/^[0-9a-f]{64}$/);

/** A browser socket, named by the Host object, never reused. */
export const connId = z.string().regex(/^[0-9a-f]{16,32}$/);
/**
 * A topic that sockets subscribe to. Made by the agent only: `run/<task_id>`, `runs/<user_id>`, `runs`, `system`, `plugins`,
 * `plugin/<id>` (what its page hears), `pluginlog/<id>`.
 */
export const topicName = z.string().regex(/^[a-z]+(?:\/[0-9a-z-]{1,64})?$/);

/** "Nightly Backup!" → "nightly-backup". Empty when nothing of it can stay. */
export function slugOf(label: string): string {
  return label
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
}
