import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../shared/errors.ts';
import { type Client, good } from './agent-client.ts';
import type { Piped } from './io.ts';
import { UsageError } from './io.ts';

/** In UTF-16 units: what a run takes at once is 64 KiB, and a unit is three bytes of it at most. */
const PIECE = 16 * 1024;
/** A script that reads slowly is asked again after so long, and then less often. */
const WAIT_MS = 20;
const MAX_WAIT_MS = 500;

/**
 * Passes our standard input on to a run that reads it, and its end: Ctrl-D, or the end of a pipe.
 * @param over aborts when the run has ended. @returns then, or when all is passed on. @throws UsageError for what is no text.
 */
export async function typeAlong(client: Client, taskId: string, input: Piped, over: AbortSignal): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const send = (data: string, eof: boolean): Promise<boolean> => passOn(client, taskId, { data, eof }, over);
  const chunks = input[Symbol.asyncIterator]();
  const ended = new Promise<null>((resolve) => {
    if (over.aborted) resolve(null);
    over.addEventListener('abort', () => resolve(null), { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), ended]);
      if (next === null) return;
      const chunk = next.done === true ? undefined : next.value;
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: chunk !== undefined });
      for (let at = 0; at < text.length; at += PIECE) if (!(await send(text.slice(at, at + PIECE), false))) return;
      if (next.done === true) return void (await send('', true));
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    await send('', true);
    throw new UsageError('Standard input is not UTF-8: from there on the run gets nothing.');
  } finally {
    input.destroy?.();
  }
}

/** Types into a run, and waits where it reads slowly. @returns false when nobody reads any more. */
export async function passOn(client: Client, id: string, json: { data: string; eof: boolean }, over: AbortSignal): Promise<boolean> {
  for (let wait = WAIT_MS; !over.aborted; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
    try {
      await good(client.runs[':id'].input.$post({ param: { id }, json }));
      return true;
    } catch (error) {
      if (!(error instanceof ToruError) || error.extra['retry'] !== true) return false;
      await sleep(wait, undefined, { signal: over }).catch(() => undefined);
    }
  }
  return false;
}
