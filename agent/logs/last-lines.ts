import { LastLine } from '../../shared/terminal/last-line.ts';
import type { RunLog } from './run-log.ts';

const TAIL_BYTES = 2048;
/** So many lines of ended runs are kept, which no longer change. */
const KEPT = 500;

/** The newest line that each run shows, as lists of runs give it. */
export class LastLines {
  readonly #kept = new Map<string, string>();

  /** @returns '' when it shows none, or it can't be read. */
  async of(taskId: string, log: Pick<RunLog, 'start' | 'end' | 'finished' | 'read'>): Promise<string> {
    const kept = this.#kept.get(taskId);
    if (kept !== undefined) return kept;
    const { finished, end } = log;
    const last = new LastLine();
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    for (const { stream, bytes } of await log.read(Math.max(log.start, end - TAIL_BYTES), TAIL_BYTES))
      last.feed(stream, decoders[stream].decode(bytes, { stream: true }));
    // What a progress bar of its own would say.
    const line = last.progress?.state === 'going' ? `${last.progress.percent} % · ${last.text}` : last.text;
    if (finished) {
      this.#kept.set(taskId, line);
      const [oldest] = this.#kept.keys();
      if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    }
    return line;
  }
}
