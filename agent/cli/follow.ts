import { constants } from 'node:os';
import * as z from 'zod';
import { unreachable } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { linesOf } from '../../shared/lines.ts';
import type { Run } from '../../shared/runs.ts';
import { type Client, good } from './agent-client.ts';
import type { Io, Output } from './io.ts';
import { note, OUR_FAILURE } from './io.ts';
import { duration } from './plain-text.ts';
import { TerminalFilter } from './terminal-filter.ts';

/** The part of a run's output that is read, and how it is shown. */
export interface Reading {
  /** Stay until the run ended. */
  follow: boolean;
  from?: number;
  stream?: 'stdout' | 'stderr';
  /** Let every escape sequence through to the terminal. */
  raw: boolean;
  /** Stops the reading; the run goes on. */
  signal: AbortSignal;
}

const outputLine = z.union([
  z.object({ stream: z.enum(['stdout', 'stderr']), data: z.string(), cursor: z.int() }),
  z.object({ gap: z.object({ from: z.int(), to: z.int() }), cursor: z.int() }),
]);

/** Copies a run's output to ours: its stdout to stdout, its stderr to stderr, in order, exact where it goes to a file. */
export async function copyOutput(client: Client, taskId: string, reading: Reading, io: Io): Promise<void> {
  const query = {
    format: 'jsonl',
    encoding: 'base64',
    from: String(reading.from ?? 0),
    ...(reading.follow ? { follow: 'true' as const } : {}),
    ...(reading.stream === undefined ? {} : { stream: reading.stream }),
  } as const;
  const sinks = { stdout: sinkOf(io.out, reading.raw), stderr: sinkOf(io.err, reading.raw) };
  try {
    const response = await good(client.runs[':id'].output.$get({ param: { id: taskId }, query }, { init: { signal: reading.signal } }));
    for await (const line of linesOf(response.body)) {
      const message = outputLine.parse(parseJson(line, 'A line of output'));
      if ('gap' in message) await note(io, `${message.gap.to - message.gap.from} bytes of output are missing here`);
      else await sinks[message.stream].write(Buffer.from(message.data, 'base64'));
    }
  } catch (error) {
    if (!reading.signal.aborted) throw error;
  } finally {
    await sinks.stdout.end();
    await sinks.stderr.end();
  }
}

interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Bytes as they are to a file or a pipe; to a terminal only what it may obey. */
function sinkOf(output: Output, raw: boolean): Sink {
  if (raw || !output.isTTY) return { write: (bytes) => output.write(bytes), end: async () => undefined };
  const filter = new TerminalFilter();
  const decoder = new TextDecoder();
  return {
    write: (bytes) => output.write(filter.write(decoder.decode(bytes, { stream: true }))),
    end: () => output.write(filter.write(decoder.decode()) + filter.end()),
  };
}

/** How the shell is told of the end of a run: the script's own code, 128 + n for a signal, 125 when there is neither. */
export function exitCodeOf(run: Pick<Run, 'state' | 'exit_code' | 'signal'>): number {
  if (run.exit_code !== null) return run.exit_code;
  const number = Object.entries(constants.signals).find(([name]) => name === run.signal || name === `SIG${run.signal}`)?.[1];
  return number === undefined ? OUR_FAILURE : 128 + number;
}

/** For the person, where the exit code alone does not tell it. Empty for a plain exit. */
export function endingOf(run: Run): string {
  const took =
    run.started_at === null || run.ended_at === null ? '' : ` after ${duration(Date.parse(run.ended_at) - Date.parse(run.started_at))}`;
  switch (run.state) {
    case 'queued':
    case 'running':
      return `the run goes on: toru logs -f ${run.task_id}`;
    case 'exited':
      return run.signal === null ? '' : `ended by ${run.signal}${took}`;
    case 'cancelled':
      return `cancelled${took}`;
    case 'timed_out':
      return `timed out${took}`;
    case 'interrupted':
      return run.reason ?? 'interrupted: how it ended is not known';
    case 'refused':
      return run.reason ?? 'refused';
    default:
      return unreachable(run.state);
  }
}
