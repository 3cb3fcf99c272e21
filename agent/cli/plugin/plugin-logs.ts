import { FROM_PLUGINS, parseJson } from '../../../shared/json.ts';
import { linesOf } from '../../../shared/lines.ts';
import type { PluginLogLine } from '../../../shared/plugins.ts';
import { pluginLogLine } from '../../../shared/plugins.ts';
import { ask } from '../agent-client.ts';
import { oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { idOf } from './plugin-client.ts';

/** toru plugin logs */
export async function logs(args: string[], io: Io): Promise<number> {
  const options = { follow: { type: 'boolean', short: 'f' }, lines: { type: 'string', short: 'n', default: '100' } } as const;
  const { values, positionals } = parse(args, options);
  if (!/^\d{1,4}$/.test(values.lines)) throw new UsageError('--lines is a number, at most 1000.');
  const id = idOf(oneWord(positionals, 'The plugin’s id (see: toru plugin list)'));
  await copyLog(io, id, { limit: Number(values.lines), follow: values.follow === true, signal: io.interrupted });
  return io.interrupted.aborted ? 130 : 0;
}

/** Prints a plugin's log until the signal aborts. @param how.shows which lines; all without it. @throws ToruError */
export async function copyLog(
  io: Io,
  id: string,
  options: { limit: number; follow: boolean; signal: AbortSignal; shows?: (line: PluginLogLine) => boolean },
): Promise<void> {
  const path = `/api/plugins/${id}/logs?limit=${options.limit}${options.follow ? '&follow=1' : ''}`;
  try {
    const { body } = await ask(io.env, 'GET', path, { signal: options.signal });
    for await (const json of linesOf(body)) {
      if (json.trim() === '') continue;
      const line = pluginLogLine.parse(parseJson(json, 'A line of the log', FROM_PLUGINS));
      if (options.shows?.(line) !== false) await print(io, textOf(line));
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

function textOf({ timestamp, level, source, message, error, fields }: PluginLogLine): string {
  const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
  const from = source === 'log' ? level : `${level} (${source})`;
  const text = `${when(timestamp)} ${from}: ${plain(message)}${plain(more)}`;
  // A stack is read line by line.
  return error === undefined
    ? text
    : `${text}\n${error
        .split('\n')
        .map((each) => `    ${plain(each)}`)
        .join('\n')}`;
}
