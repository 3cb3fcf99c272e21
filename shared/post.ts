/** One request of ours to somewhere else, and what came of it: as the host and the edge tell people that something ended. */

/** The whole request and the head of its answer have so much time. */
export const POST_TIMEOUT_MS = 10_000;
/** What an answer may ask us to wait at most. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** The answer's status; or why there was none, in a sentence. */
export type Posted = { readonly status: number; readonly retryAfterMs: number | null } | { readonly problem: string };

/**
 * Sends it, once. A redirect is not followed: it is a status like another. Of the answer nothing but its head is read, so that it may
 * be as large as it likes. Never rejects.
 */
export async function post({ url, headers, body }: Post, stopped: AbortSignal | null = null, timeoutMs = POST_TIMEOUT_MS): Promise<Posted> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const signal = stopped === null ? late : AbortSignal.any([late, stopped]);
    const answer = await fetch(url, { method: 'POST', headers: { ...headers }, body, redirect: 'manual', signal });
    // Of a body that never ends, nothing is waited for.
    answer.body?.cancel().catch(() => undefined);
    return { status: answer.status, retryAfterMs: retryAfterOf(answer.headers.get('retry-after'), Date.now()) };
  } catch {
    return { problem: late.aborted ? `No answer came within ${timeoutMs / 1000} s.` : 'It could not be reached.' };
  }
}

/** Was it taken? */
export function isTaken(posted: Posted): boolean {
  return 'status' in posted && posted.status >= 200 && posted.status < 300;
}

/** Why it was not taken, in a sentence; null when it was. */
export function problemOf(posted: Posted): string | null {
  if ('problem' in posted) return posted.problem;
  if (isTaken(posted)) return null;
  if (posted.status >= 300 && posted.status < 400)
    return `It answered ${posted.status}, a redirect, which is not followed. Enter the address that it leads to.`;
  return `It answered ${posted.status}.`;
}

/** `Retry-After`, in seconds or as a date: ms to wait from `now`; null for none, or for what is neither. */
export function retryAfterOf(header: string | null, now: number): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}
