import type { ClientFrameInput } from '../../../../shared/browser-protocol.ts';
import { unreachable } from '../../../../shared/errors.ts';
import type { Run } from '../../../../shared/runs.ts';
import { QueryFilter } from '../../../../shared/terminal/queries.ts';
import { SizeNotes } from '../../../../shared/terminal/size-notes.ts';
import type { RunTerminal } from '../../../../shared/terminal-size.ts';
import { agent, read, until } from '../../api.ts';
import { streams, typeInto } from '../../connection/live-runs.ts';
import { connection } from '../../connection/page-connection.ts';
import type { StreamEvent } from '../../connection/run-streams.ts';
import { number, orNull, shape, text } from '../../guards.ts';
import type { ScreenEvents, ScreenSource, ScreenStream, Size } from './screen-source.ts';

/** A longer output is drawn from so far before its end, with the modes that it has there: most programs have drawn theirs again in it. */
const RECENT_BYTES = 1024 * 1024;
/** The size that a run's terminal begins with. */
const FIRST_SIZE = { cols: 80, rows: 24 };

export function runSource(run: Run): ScreenSource {
  return { id: run.task_id, isTerminal: false, above: null, open: (on) => new RunStream(run, on) };
}

const isRunTerminal = shape<RunTerminal>({ modes: text, cols: number, rows: number, viewer: orNull(text) });

/**
 * The terminal of a run: its output is the run's, read from the beginning, with the sizes that it had where it had them. Of the viewers
 * the one that gave it its size answers what its program asks.
 */
class RunStream implements ScreenStream {
  readonly #run: Run;
  readonly #on: ScreenEvents;
  readonly #name: string = crypto.randomUUID();
  #detach: (() => void) | null = null;
  readonly #closed = new AbortController();
  readonly #notes = new SizeNotes();
  readonly #filter = new QueryFilter();
  #answers = false;
  /** It has the size that it had where its output is drawn from. */
  #placed = false;
  #sized = false;
  /** Where what is printed now begins; null before it is known. */
  #liveFrom: number | null = null;
  /** Is what was printed before drawn? */
  #live = false;
  /** What was handed over, and is not taken in yet. */
  #taking = Promise.resolve();

  constructor(run: Run, on: ScreenEvents) {
    this.#run = run;
    this.#on = on;
    const from = Math.max(0, run.output_bytes - RECENT_BYTES);
    if (from === 0) this.#attach(from);
    else void this.#begin(from);
  }

  /** In the middle of its output, where modes may hold that were set before. */
  async #begin(from: number): Promise<void> {
    try {
      const param = { id: this.#run.task_id };
      const before = await read(
        isRunTerminal,
        agent.runs[':id'].terminal.$get({ param, query: { at: String(from) } }, until(this.#closed.signal)),
      );
      this.#answers = before.viewer === this.#name;
      this.#placed = true;
      this.#on.screen(before.modes, before, from);
    } catch {
      // Without them it is as it was printed.
    }
    if (!this.#closed.signal.aborted) this.#attach(from);
  }

  #attach(from: number): void {
    this.#detach = streams.attach(
      this.#run.task_id,
      from,
      (event) => this.#take(event),
      () => this.#taking,
    );
  }

  type(data: string): boolean {
    return typeInto(this.#run.task_id, data);
  }

  resize({ cols, rows }: Size): void {
    const frame: ClientFrameInput = { type: 'resize', task_id: this.#run.task_id, cols, rows, viewer: this.#name };
    connection.send(frame);
  }

  close(): void {
    this.#closed.abort();
    this.#detach?.();
  }

  #take(event: StreamEvent): void {
    switch (event.kind) {
      case 'attached':
        this.#attached(event.cursor, event.run);
        return;
      case 'output':
        this.#output(event.text, event.to);
        if (this.#liveFrom !== null && event.to >= this.#liveFrom) this.#reached();
        return;
      case 'gap':
        this.#on.gap();
        return;
      case 'ended':
        this.#on.ended();
        return;
      case 'failed':
        this.#on.failed(event.code, event.message);
        return;
      case 'replaced':
        return;
      default:
        unreachable(event);
    }
  }

  #attached(cursor: number, { output_bytes, state, stdin }: Run): void {
    const again = this.#liveFrom !== null;
    this.#liveFrom ??= output_bytes;
    this.#on.attached({ types: stdin && state === 'running', size: again || this.#placed ? null : FIRST_SIZE });
    if (cursor >= this.#liveFrom) this.#reached();
  }

  #output(text: string, cursor: number): void {
    for (const part of this.#notes.push(text)) {
      if (typeof part === 'string') this.#draw(this.#filter.push(part, this.#live && this.#answers), cursor);
      else {
        this.#sized = true;
        this.#answers = part.viewer === this.#name;
        this.#on.resized(part);
      }
    }
  }

  #draw(data: string, cursor: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#taking = promise;
    this.#on.output(data, { taken: resolve, live: this.#live, cursor });
  }

  #reached(): void {
    if (this.#live) return;
    this.#live = true;
    this.#on.free(this.#sized ? 'same' : 'any');
  }
}
