import * as z from 'zod';
import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { PendingRun } from '../../shared/hosts.ts';
import { parseJson, parseJsonOrNull } from '../../shared/json.ts';
import { MAX_CLIENT_FRAME, SMALL_FRAME } from '../../shared/limits.ts';
import type { RunRequest } from '../../shared/runs.ts';
import { runRequest } from '../../shared/runs.ts';
import { withWrittenDigits } from '../../shared/written-digits.ts';
import { attempt } from '../result.ts';
import '../../shared/schema-words.ts';

/** The two cases in which the edge answers a browser itself. Everything else is the agent's to read. */

/** Frames are measured in here, not each in memory of its own: a flood of large ones left 64 MB of it before V8 looked. */
const measure = new Uint8Array(MAX_CLIENT_FRAME + 1);

/** @returns what is wrong with the frame as such; the socket lives. Null when it may go on its way. */
export function refuseFrame(message: string | ArrayBuffer): ServerFrame | null {
  if (typeof message !== 'string') return { type: 'error', code: 'bad_frame', data: 'Frames are JSON texts; this one was binary.' };
  // A UTF-16 unit is at most three bytes of UTF-8: most frames are judged without encoding them.
  if (message.length * 3 <= MAX_CLIENT_FRAME) return null;
  const { read, written } = message.length > MAX_CLIENT_FRAME ? { read: 0, written: 0 } : new TextEncoder().encodeInto(message, measure);
  if (read === message.length && written <= MAX_CLIENT_FRAME) return null;
  return { type: 'error', code: 'too_large', data: `A frame may have ${MAX_CLIENT_FRAME / 1024} KiB at most.` };
}

const addressed = z.object({
  type: z.string(),
  task_id: z.string().max(64).optional(),
  terminal_id: z.string().max(64).optional(),
  request_id: z.string().max(64).optional(),
});

/** The answer to a frame of somebody of whom too much waits at the host. It names what it answers, if that is soon found. */
export function tooMuch(message: string): ServerFrame {
  const about = message.length > SMALL_FRAME ? null : addressed.safeParse(parseJsonOrNull(message)).data;
  const data = 'Too much of what you sent waits at the host. Nothing was done: wait for its answers, then send this again.';
  return { type: 'error', code: 'too_many_requests', data, ...idsOf(about) };
}

function idsOf(about: z.infer<typeof addressed> | null | undefined): { task_id?: string; terminal_id?: string; request_id?: string } {
  const { task_id, terminal_id, request_id } = about ?? {};
  return {
    ...(task_id === undefined ? {} : { task_id }),
    ...(terminal_id === undefined ? {} : { terminal_id }),
    ...(request_id === undefined ? {} : { request_id }),
  };
}

/** Frames that ask for no answer: what they are about went with the host. */
const UNANSWERED: ReadonlySet<string> = new Set(['ack', 'detach']);

const queueable = z.looseObject({ type: z.literal('run'), when_away: z.literal('queue') });

/**
 * The answer while the host is away: it names what it answers, if the frame says; null for a frame that asks for none.
 * @param keep keeps a run that may wait. @throws nothing: what `keep` throws is in the answer.
 */
export function answerAlone(message: string, keep: (request: RunRequest) => PendingRun): ServerFrame | null {
  const read = attempt(() => parseJson(message, 'A frame'));
  if (!read.ok) return { type: 'error', code: read.code, data: read.message };
  const text = read.value;
  const parsed = addressed.safeParse(text);
  if (!parsed.success) return { type: 'error', code: 'bad_frame', data: 'A frame is an object with a “type”.' };
  const about = idsOf(parsed.data);
  if (parsed.data.type === 'ping') return { type: 'pong' };
  if (UNANSWERED.has(parsed.data.type)) return null;
  const waits = queueable.safeParse(text);
  if (!waits.success) return { type: 'error', code: 'host_offline', data: 'The host is not connected. Nothing was done.', ...about };
  const { type: _, ...rest } = waits.data;
  const query = runRequest.safeParse(rest);
  if (!query.success) return { type: 'error', code: 'bad_frame', data: query.error.issues[0]?.message ?? 'not a run', ...about };
  const kept = attempt(() => keep(withWrittenDigits(query.data, message)));
  if (!kept.ok) return { type: 'error', code: kept.code, data: kept.message, ...about };
  return { type: 'queued', request_id: kept.value.request_id, expires_at: kept.value.expires_at };
}
