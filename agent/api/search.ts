import { searchQuery } from '../../shared/api.ts';
import { toToruError } from '../../shared/errors.ts';
import type { SearchLine } from '../../shared/search.ts';
import { router } from './env.ts';
import type { ApiLog, Rooms } from './rooms.ts';
import { query } from './validate.ts';

/** Search across what runs are called, were given and printed: a line of JSON for each thing found, as it is found. */
export function searchApi({ search, log }: Rooms) {
  return router().get('/', query(searchQuery), (c) =>
    searchResponse((signal) => search.all(c.env.caller, c.req.valid('query'), signal), c.req.raw.signal, log),
  );
}

/**
 * The lines as a streamed answer. Nothing is looked for that the reader does not wait for, and all of it ends when the
 * reader leaves, however that shows: by the request's signal, or by the body's cancel.
 * @throws what the search throws before its first line.
 */
export async function searchResponse(
  begin: (signal: AbortSignal) => AsyncGenerator<SearchLine, void, undefined>,
  asker: AbortSignal,
  log: ApiLog,
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
  let first: IteratorResult<SearchLine, void> | null;
  try {
    first = await lines.next();
  } catch (error) {
    leave();
    throw error;
  }
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { value, done } = first ?? (await lines.next());
          first = null;
          if (done === true) {
            leave();
            controller.close();
          } else controller.enqueue(encode(value));
        } catch (error) {
          log.error({ err: error }, 'a search broke off');
          const { code, message } = toToruError(error);
          controller.enqueue(encode({ type: 'error', code, data: message }));
          leave();
          controller.close();
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'application/x-ndjson; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  });
}

const encoder = new TextEncoder();

function encode(line: SearchLine): Uint8Array {
  return encoder.encode(`${JSON.stringify(line)}\n`);
}
