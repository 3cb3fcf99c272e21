import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Run, RunNews, RunSummary } from '../../shared/runs.ts';
import type { SystemSample } from '../../shared/system.ts';
import { summaryOf } from './run-frames.ts';

/** What goes to everybody who asked for it, and when it is made at all. */
export interface BroadcastOptions {
  runs: { onChange(listener: (run: Run) => void): () => void };
  system: { subscribe(listener: (sample: SystemSample) => void): () => void };
}

export interface BroadcastSink {
  watched(topic: string): boolean;
  /** @param about what the frame is the newest state of; null for an event of its own. A slow line skips older states. */
  tell(topic: string, frame: string, about: string | null): void;
  /** Every change of a run, watched or not: the edge keeps the last ones for when the host is away. */
  summary(run: RunSummary): void;
}

/** The topics `runs`, `runs/<user_id>` and `system`. Samples of the system are taken only while somebody looks. */
export class Broadcasts {
  readonly #options: BroadcastOptions;
  readonly #sink: BroadcastSink;
  readonly #stopRuns: () => void;
  #stopSystem: (() => void) | null = null;

  constructor(options: BroadcastOptions, sink: BroadcastSink) {
    this.#options = options;
    this.#sink = sink;
    this.#stopRuns = options.runs.onChange((run) => this.#runChanged(run));
  }

  /** A topic got its first subscriber, or lost its last. */
  watchedChanged(topic: string, watched: boolean): void {
    if (topic !== 'system') return;
    this.#stopSystem?.();
    this.#stopSystem = watched
      ? this.#options.system.subscribe((sample) => this.#tell('system', { type: 'system', sample }, 'system'))
      : null;
  }

  close(): void {
    this.#stopRuns();
    this.#stopSystem?.();
    this.#stopSystem = null;
  }

  #runChanged(run: Run): void {
    const summary = summaryOf(run);
    this.#sink.summary(summary);
    const news: RunNews = run.note === undefined ? summary : { ...summary, note: run.note };
    this.#tell('runs', { type: 'run', run: news }, run.task_id);
    this.#tell(`runs/${run.user_id}`, { type: 'run', run: news }, run.task_id);
  }

  #tell(topic: string, frame: ServerFrame, about: string): void {
    if (this.#sink.watched(topic)) this.#sink.tell(topic, JSON.stringify(frame), about);
  }
}
