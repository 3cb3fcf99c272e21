import { join } from 'node:path';
import type { Logger as PinoLogger, StreamEntry } from 'pino';
import { multistream, pino } from 'pino';
import type { Config } from './config.ts';
import { LogFile } from './logger-file.ts';
import { redact, redactText } from './logger-redact.ts';

/** Pino's, without `child`: what is bound to a child is written as it is, past everything that hides secrets. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** Where a part of the agent reports; tests bring their own. */
export interface Log {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** How standard error is told: for a person, for a collector (journald), or not at all. */
export type ConsoleLog = 'pretty' | 'json' | 'off';

/** The part of a stream that a line needs. */
interface Sink {
  write(line: string): unknown;
}

export interface LoggerOptions extends Pick<Config, 'logs_dir' | 'log_level'> {
  /** Without it: pretty on a terminal, JSON elsewhere. */
  console?: ConsoleLog;
  /** Where console lines go instead of standard error. */
  sink?: Sink;
}

/** Writes to `agent.log` as JSON lines, rotated by size, and to standard error. What has a secret's name or form is hidden in both. */
export function createLogger({
  logs_dir,
  log_level,
  console = process.stderr.isTTY ? 'pretty' : 'json',
  sink = process.stderr,
}: LoggerOptions): Logger {
  const streams: StreamEntry<string>[] = [{ level: 'trace', stream: new LogFile(join(logs_dir, 'agent.log')) }];
  if (console !== 'off')
    streams.push({ level: 'trace', stream: { write: (line) => void sink.write(console === 'json' ? line : prettyLine(line)) } });
  // A collector that goes away must not take the agent with it.
  if (console !== 'off' && sink === process.stderr) process.stderr.on('error', () => undefined);
  return pino(
    {
      level: log_level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      // `redact` has made a plain object of it.
      serializers: { err: (plain: unknown) => plain },
      formatters: { level: (label) => ({ level: label }), log: redact },
      hooks: { streamWrite: redactText },
    },
    multistream(streams),
  );
}

/** `12:30:01 info  linked to the edge  edge=https://…` */
function prettyLine(line: string): string {
  const { level, time, msg, pid: _pid, ...rest }: Record<string, unknown> = JSON.parse(line);
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const details = Object.entries(rest).map(([name, value]) => `${name}=${prettyValue(value)}`);
  return `${clock} ${String(level).padEnd(5)} ${[String(msg ?? ''), ...details].join('  ')}\n`;
}

function prettyValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? 'undefined';
}
