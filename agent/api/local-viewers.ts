import type { OutputQuery } from '../../shared/runs.ts';
import type { TerminalViewer } from '../terminals/live-terminal.ts';
import type { Terminals } from '../terminals/terminals.ts';
import type { Caller } from '../users/caller.ts';
import { outputResponse } from './run-output.ts';

/** At the end of a line of output. */
const CURSOR = /"cursor":(\d{1,16})\}\n$/;
const encoder = new TextEncoder();

/**
 * Those who look at a terminal by following its output at the local socket, as `toru terminal attach` does: viewers like those of a page,
 * by a name that they chose. A line `{"answers", "from"}` says whose turn it is to answer what programs ask.
 */
export class LocalViewers {
  readonly #terminals: Pick<Terminals, 'view' | 'log'>;
  readonly #typed = new Map<string, () => void>();

  constructor(terminals: Pick<Terminals, 'view' | 'log'>) {
    this.#terminals = terminals;
  }

  /** @param name of the viewer. @throws ToruError unknown_terminal, bad_request, bad_cursor */
  follow(caller: Caller, id: string, name: string, query: OutputQuery): Response {
    const answer = outputResponse(this.#terminals.log(id), { ...query, format: 'jsonl', follow: 'true' }, caller);
    const output = answer.body?.getReader();
    if (output === undefined) return answer;
    let line: ReadableStreamDefaultController<Uint8Array> | null = null;
    const left = Promise.withResolvers<{ done: true; value: undefined }>();
    const viewer: TerminalViewer = {
      user_id: caller.user_id,
      // Where it begins is said by the first line; until then it is behind by nothing.
      acked: Number.MAX_SAFE_INTEGER,
      ackedAt: performance.now(),
      types: false,
      ready: false,
      typedAt: 0,
      window: () => WINDOW,
      resized: () => undefined,
      answers: (answers, from) => line?.enqueue(encoder.encode(`${JSON.stringify({ answers, from })}\n`)),
      leave: () => left.resolve({ done: true, value: undefined }),
    };
    const view = this.#terminals.view(caller, id, viewer);
    const gone = (): void => {
      line = null;
      this.#typed.delete(name);
      view.leave();
      void output.cancel().catch(() => undefined);
    };
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          line = controller;
          this.#typed.set(name, () => {
            viewer.typedAt = performance.now();
            view.changed();
          });
          viewer.ready = true;
          view.changed();
        },
        pull: async (controller) => {
          const { value, done } = await Promise.race([output.read(), left.promise]);
          if (done) {
            gone();
            controller.close();
            return;
          }
          controller.enqueue(value);
          const cursor = CURSOR.exec(Buffer.from(value.subarray(-64)).toString('latin1'))?.[1];
          if (cursor !== undefined) viewer.acked = Number(cursor);
          viewer.ackedAt = performance.now();
          view.acked();
        },
        cancel: gone,
      },
      { highWaterMark: 0 },
    );
    return new Response(stream, { headers: answer.headers });
  }

  /** The viewer of this name typed. */
  typed(name: string): void {
    this.#typed.get(name)?.();
  }
}

/** So much it may be behind: what it takes is read as it takes it. */
const WINDOW = 1024 * 1024;
