import { toToruError } from '../../shared/errors.ts';
import type { Log } from '../logger.ts';
import { streamedText } from './streamed.ts';

/** The last line of an answer that broke off. */
interface Broken {
  type: 'error';
  code: string;
  data: string;
}

/**
 * Things that are made one after the other, as a streamed answer: a line of JSON each. Nothing is made that the reader does not wait
 * for, and all of it ends when the reader leaves, however that shows: by the request's signal, or by the body's cancel.
 * @param begin its signal aborts when the reader has left. @throws what it throws before its first line.
 */
export async function linesResponse<T>(
  begin: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  asker: AbortSignal,
  log: Pick<Log, 'error'>,
): Promise<Response> {
  const left = new AbortController();
  const lines = begin(left.signal);
  const leave = (): void => {
    asker.removeEventListener('abort', leave);
    left.abort();
    lines.return().catch(() => undefined);
  };
  asker.addEventListener('abort', leave);
  if (asker.aborted) leave();
  let first: IteratorResult<T, void>;
  try {
    first = await lines.next();
  } catch (error) {
    leave();
    throw error;
  }
  const body = streamedText(textOf(first, lines, log, leave), leave);
  return new Response(body, {
    headers: { 'content-type': 'application/x-ndjson; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  });
}

async function* textOf<T>(
  first: IteratorResult<T, void>,
  lines: AsyncGenerator<T, void, undefined>,
  log: Pick<Log, 'error'>,
  leave: () => void,
): AsyncGenerator<string, void, undefined> {
  try {
    for (let next = first; next.done !== true; next = await lines.next()) yield lineOf(next.value);
  } catch (error) {
    log.error({ err: error }, 'a streamed answer broke off');
    const { code, message } = toToruError(error);
    yield lineOf({ type: 'error', code, data: message } satisfies Broken);
  } finally {
    leave();
  }
}

function lineOf(line: unknown): string {
  return `${JSON.stringify(line)}\n`;
}
