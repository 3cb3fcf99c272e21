import { z } from 'zod';
import type { ServerFrame } from '../../shared/browser-protocol.ts';
import { MAX_CLIENT_FRAME } from '../../shared/limits.ts';

/** The two cases in which the edge answers a browser itself. Everything else is the agent's to read. */

/** @returns what is wrong with the frame as such; the socket lives. Null when it may go on its way. */
export function refuseFrame(message: string | ArrayBuffer): ServerFrame | null {
  if (typeof message !== 'string') return { type: 'error', code: 'bad_frame', data: 'Frames are JSON texts; this one was binary.' };
  // A UTF-16 unit is at most three bytes of UTF-8: most frames are judged without encoding them.
  if (message.length * 3 <= MAX_CLIENT_FRAME || new TextEncoder().encode(message).length <= MAX_CLIENT_FRAME) return null;
  return { type: 'error', code: 'too_large', data: `A frame may have ${MAX_CLIENT_FRAME / 1024} KiB at most.` };
}

const addressed = z.object({ type: z.string(), task_id: z.string().max(64).optional(), request_id: z.string().max(64).optional() });

/** The answer while the host is away: it names what it answers, if the frame says. */
export function answerAlone(message: string): ServerFrame {
  let said: unknown;
  try {
    said = JSON.parse(message);
  } catch {
    return { type: 'error', code: 'bad_json', data: 'A frame is one JSON object.' };
  }
  const parsed = addressed.safeParse(said);
  if (!parsed.success) return { type: 'error', code: 'bad_frame', data: 'A frame is an object with a “type”.' };
  const { type, task_id, request_id } = parsed.data;
  if (type === 'ping') return { type: 'pong' };
  return {
    type: 'error',
    code: 'host_offline',
    data: 'The host is not connected. Nothing was done.',
    ...(task_id === undefined ? {} : { task_id }),
    ...(request_id === undefined ? {} : { request_id }),
  };
}
