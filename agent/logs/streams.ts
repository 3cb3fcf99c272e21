import type { Cursor } from '../../shared/browser-protocol.ts';
import { viewerWindow } from '../../shared/limits.ts';
import { encode } from './frames.ts';
import type { StreamWords } from './stream-words.ts';
import { runWords } from './stream-words.ts';
import { ViewerLine } from './viewer-line.ts';
import type { Attachment, LogReader, OutputTransport, ViewerPort } from './viewers.ts';
import { RunStream } from './viewers.ts';

/** Where the streams get logs and ends of runs, or of terminals: ids are UUIDs, which no two things share. */
export interface StreamSource {
  log(id: string): LogReader;
  /** The frames that tell how it ended; null while it has not. */
  endFrames(id: string): string[] | null;
  /** How its viewers are told of it; absent: as of a run. */
  words?(id: string): StreamWords;
  /** No viewer of it may leave more bytes unacknowledged; absent: as many as the viewers' number allows. */
  readonly window?: number;
}

interface Watching {
  /** Null only while it is being made. */
  attachment: Attachment | null;
  /** Of its source. */
  readonly most: number;
}

/** All runs that somebody watches. A run without viewers has no stream, and costs no upload. */
export class Streams {
  readonly #source: StreamSource;
  readonly #transport: OutputTransport;
  readonly #streams = new Map<string, RunStream>();
  readonly #watching = new Map<ViewerPort, Set<Watching>>();
  /** Of connections that are bounded by time. */
  readonly #lines = new WeakMap<ViewerPort, ViewerLine>();
  #viewers = 0;
  #window = viewerWindow(0);

  constructor(source: StreamSource, transport: OutputTransport) {
    this.#source = source;
    this.#transport = transport;
  }

  /** How many bytes a viewer may leave unacknowledged now. */
  get window(): number {
    return this.#window;
  }

  /** The same, as a viewer at this port is told of it. */
  windowOf(port: ViewerPort): number {
    return this.#lineOf(port)?.told ?? this.#window;
  }

  /**
   * Starts the view of a run. The caller has checked that this viewer may see it.
   * @param from the viewer has everything before this cursor; "tail": it wants what comes from now on.
   * @param on `start` is called before the first output, with the cursor and the window that apply; `ended` once, when the viewer
   * was detached or has got the frames of the run's end.
   * @param source of what is no run. @throws ToruError unknown_task
   */
  attach(
    taskId: string,
    port: ViewerPort,
    from: Cursor | 'tail',
    on: { start(cursor: Cursor, window: number): void; ended(): void },
    source: StreamSource = this.#source,
  ): Attachment {
    const log = source.log(taskId);
    const stream = this.#streams.get(taskId) ?? this.#open(taskId, log, source);
    const start = from === 'tail' ? log.end : from;
    this.#count(1);
    const line = this.#lineOf(port);
    if (line !== undefined) line.share = this.#window;
    const most = source.window ?? Number.POSITIVE_INFINITY;
    on.start(start, Math.min(most, this.windowOf(port)));
    const viewer: Watching = { attachment: null, most };
    const watching = this.#watching.get(port) ?? new Set();
    this.#watching.set(port, watching.add(viewer));
    const attachment = stream.attach(port, start, Math.min(most, line?.window ?? this.#window), {
      ended: () => {
        watching.delete(viewer);
        if (watching.size === 0) {
          this.#watching.delete(port);
          line?.close();
        }
        this.#count(-1);
        on.ended();
      },
      ...(line === undefined ? {} : { line }),
    });
    viewer.attachment = attachment;
    return attachment;
  }

  /** A viewer typed into it. */
  typed(taskId: string): void {
    this.#streams.get(taskId)?.typed();
  }

  /** The run has ended. */
  poke(taskId: string): void {
    this.#streams.get(taskId)?.poke();
  }

  #open(taskId: string, log: LogReader, source: StreamSource): RunStream {
    const stream = new RunStream(
      source.words?.(taskId) ?? runWords(taskId),
      log,
      this.#transport,
      () => source.endFrames(taskId),
      () => this.#streams.delete(taskId),
    );
    this.#streams.set(taskId, stream);
    return stream;
  }

  /** Windows shrink when many watch, so that the edge never holds more than its budget; they grow only for viewers that come later. */
  #count(change: 1 | -1): void {
    this.#viewers += change;
    const window = viewerWindow(this.#viewers);
    const shrinks = window < this.#window;
    this.#window = window;
    if (!shrinks) return;
    for (const port of [...this.#watching.keys()]) {
      const line = this.#lineOf(port);
      if (line === undefined) this.#apply(port, window, window);
      else line.share = window;
    }
  }

  #lineOf(port: ViewerPort): ViewerLine | undefined {
    if (port.timed !== true) return undefined;
    const line = this.#lines.get(port) ?? new ViewerLine(this.#window, (window, told) => this.#apply(port, window, told));
    this.#lines.set(port, line);
    return line;
  }

  /** @param told what the viewers at this port hear of it; null: nothing. */
  #apply(port: ViewerPort, window: number, told: number | null): void {
    if (told !== null) port.send(encode({ type: 'window', window: told }));
    for (const { attachment, most } of [...(this.#watching.get(port) ?? [])]) attachment?.setWindow(Math.min(window, most));
  }
}
