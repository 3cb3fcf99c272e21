import type { Cursor } from '../../shared/browser-protocol.ts';
import { viewerWindow } from '../../shared/limits.ts';
import { encode } from './frames.ts';
import type { Attachment, Carrier, LogReader, ViewerPort } from './viewers.ts';
import { RunStream } from './viewers.ts';

/** Where the streams get what they show. */
export interface StreamSource {
  log(taskId: string): LogReader;
  /** The frames that tell how the run ended; null while it has not. */
  endFrames(taskId: string): string[] | null;
}

interface Watching {
  readonly port: ViewerPort;
  /** Null only while it is being made. */
  attachment: Attachment | null;
}

/** All runs that somebody watches. A run without viewers has no stream, and costs no upload. */
export class Streams {
  readonly #source: StreamSource;
  readonly #carrier: Carrier;
  readonly #streams = new Map<string, RunStream>();
  readonly #watching = new Set<Watching>();
  #viewers = 0;
  #window = viewerWindow(0);

  constructor(source: StreamSource, carrier: Carrier) {
    this.#source = source;
    this.#carrier = carrier;
  }

  /** What a viewer may leave unacknowledged now, in bytes. */
  get window(): number {
    return this.#window;
  }

  /**
   * Starts the view of a run. The caller has checked that this viewer may see it.
   * @param from a cursor that the viewer has everything before, or "tail" for what comes from now on.
   * @param on `start` is called before the first output, with the cursor and the window that apply; `ended` once, when the
   * viewer was detached or has been told how the run ended.
   * @throws ToruError unknown_task
   */
  attach(
    taskId: string,
    port: ViewerPort,
    from: Cursor | 'tail',
    on: { start(cursor: Cursor, window: number): void; ended(): void },
  ): Attachment {
    const log = this.#source.log(taskId);
    const stream = this.#streams.get(taskId) ?? this.#open(taskId, log);
    const start = from === 'tail' ? log.end : from;
    this.#count(1);
    on.start(start, this.#window);
    const viewer: Watching = { port, attachment: null };
    this.#watching.add(viewer);
    const attachment = stream.attach(port, start, this.#window, () => {
      this.#watching.delete(viewer);
      this.#count(-1);
      on.ended();
    });
    viewer.attachment = attachment;
    return attachment;
  }

  /** The run's end became known. */
  poke(taskId: string): void {
    this.#streams.get(taskId)?.poke();
  }

  #open(taskId: string, log: LogReader): RunStream {
    const stream = new RunStream(
      taskId,
      log,
      this.#carrier,
      () => this.#source.endFrames(taskId),
      () => this.#streams.delete(taskId),
    );
    this.#streams.set(taskId, stream);
    return stream;
  }

  /** Windows shrink when many watch, so that the edge never holds more than its budget; they grow only for who comes later. */
  #count(change: 1 | -1): void {
    this.#viewers += change;
    const window = viewerWindow(this.#viewers);
    if (window < this.#window) {
      for (const port of new Set([...this.#watching].map((viewer) => viewer.port))) port.send(encode({ type: 'window', window }));
      for (const viewer of this.#watching) viewer.attachment?.setWindow(window);
    }
    this.#window = window;
  }
}
