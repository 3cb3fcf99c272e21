import type { JobLogLine } from '../../shared/workflows.ts';
import type { RunLog } from '../logs/run-log.ts';

const STEP = 64 * 1024;
/** A line without an end is cut here. */
const MAX_LINE = 64 * 1024;

/** The run of a step of a job. */
export interface StepLog {
  step: string;
  log: Pick<RunLog, 'end' | 'read' | 'times'>;
}

/** What the steps of a job printed, a line each, step after step in the order in which they began. */
export async function* jobLines(steps: readonly StepLog[], signal: AbortSignal): AsyncGenerator<JobLogLine, void, undefined> {
  for (const { step, log } of steps) {
    const open = { stdout: new OpenLine(), stderr: new OpenLine() };
    let ts = '';
    for (let at = 0; at < log.end && !signal.aborted; ) {
      const chunks = await log.read(at, STEP);
      if (chunks.length === 0) break;
      for (const chunk of chunks) {
        const [time] = log.times(chunk.from, chunk.to, 1);
        ts = new Date(time?.time ?? 0).toISOString();
        for (const line of open[chunk.stream].take(chunk.bytes)) yield { ts, stream: chunk.stream, step, line };
        at = chunk.to;
      }
    }
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = open[stream].rest;
      if (rest !== '') yield { ts, stream, step, line: rest };
    }
  }
}

/** The same as text. */
export async function* jobText(steps: readonly StepLog[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  for await (const { step, line } of jobLines(steps, signal)) yield `[${step}] ${line}\n`;
}

class OpenLine {
  rest = '';
  readonly #decoder = new TextDecoder();

  take(bytes: Uint8Array): string[] {
    const lines = (this.rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > MAX_LINE) {
      lines.push(this.rest);
      this.rest = '';
    }
    return lines.map((line) => line.replace(/\r$/, ''));
  }
}
