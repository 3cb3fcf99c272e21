import type { Connection } from './agent-connection.ts';
import type { FromPlugin, Json, LogLine } from './protocol.ts';

type Fields = { [key: string]: Json };

/** Lines of the plugin's log. What it prints by console.log goes there, too, without a level. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, detail?: Fields | Error): void;
  /** An Error's stack goes to the log, and to nobody who asks. */
  error(message: string, detail?: unknown): void;
}

/** So much may wait for the agent; what is logged beyond it is counted, not kept. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Of one text: a message has to fit its line. */
const MAX_TEXT = 64 * 1024;

export function logOf(connection: Connection<FromPlugin>): Log {
  let dropped = 0;
  const send = (payload: LogLine): void => connection.send({ type: 'log', request_id: 'log', payload });
  const write = (level: LogLine['level'], message: string, detail: unknown): void => {
    if (connection.waiting > MAX_WAITING) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      send({ action: 'line', level: 'warn', message: `${dropped} lines were logged faster than Toru takes them, and are missing here` });
      dropped = 0;
    }
    const line: LogLine = { action: 'line', level, message: cut(message) };
    try {
      send({ ...line, ...detailOf(detail) });
    } catch (error) {
      // Fields that are too large, or no JSON: the message is worth more than they are.
      send({ ...line, error: cut(`its fields could not be logged: ${String(error)}`) });
    }
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, detail) => write('warn', message, detail),
    error: (message, detail) => write('error', message, detail),
  };
}

function detailOf(detail: unknown): Pick<LogLine, 'error' | 'fields'> {
  if (detail === undefined) return {};
  if (detail instanceof Error) return { error: cut(detail.stack ?? String(detail)) };
  return isFields(detail) ? { fields: detail } : { error: cut(String(detail)) };
}

function isFields(detail: unknown): detail is Fields {
  return typeof detail === 'object' && detail !== null && !Array.isArray(detail);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
