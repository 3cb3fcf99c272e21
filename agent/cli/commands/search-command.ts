import * as z from 'zod';
import { unreachable } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { linesOf } from '../../../shared/lines.ts';
import { run } from '../../../shared/runs.ts';
import type { Mark } from '../../../shared/search.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { parse } from '../command.ts';
import { findTask } from '../find-task.ts';
import type { Io } from '../io.ts';
import { note, OUR_FAILURE, print, UsageError } from '../io.ts';
import { bytes, when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';

const options = {
  in: { type: 'string' },
  run: { type: 'string' },
  status: { type: 'string' },
  action: { type: 'string' },
  user: { type: 'string' },
  since: { type: 'string' },
  case: { type: 'boolean' },
  regex: { type: 'boolean', short: 'E' },
  context: { type: 'string', short: 'C' },
  limit: { type: 'string', short: 'n' },
  cursor: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** toru search */
export const search: Command = {
  summary: 'Find text in all output, and in the history',
  help: `Usage: toru search TEXT [options]

Finds TEXT as it stands, in either case: first in what runs are called and were given, then in
everything they printed, newest run first. Ctrl-C ends it. Exits with 1 when nothing was found.

      --in WHERE         output, history, or both with a comma; both without it
      --run TASK         only in the output of this run: its id, the beginning of one, or “last”
      --status STATES    only runs that are so; several with commas
      --action ID        only runs of this action
      --user NAME        only runs of this user
      --since WHEN       only runs since then: 30m, 12h, 7d, or a date
  -E, --regex            TEXT is a regular expression, found within single lines
      --case             tell small letters from capitals
  -C, --context N        lines before and after a match, at most 5; 0 without it
  -n, --limit N          stop after so many; 50 without it, at most 200
      --cursor CURSOR    go on where the search before stopped
      --json             a line of JSON for each thing found

  toru search "connection refused" --since 7d
  toru search timeout --action backup -C 2
  toru search -E 'took \\d{4,} ms$' --in output
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const q = positionals.join(' ');
    if (q.trim() === '') throw new UsageError('What to look for is missing.');
    const client = connect(io.env);
    const common = {
      q,
      context: values.context ?? '0',
      ...(values.regex === true ? { regex: 'true' as const } : {}),
      ...(values.case === true ? { case: 'exact' as const } : {}),
      ...(values.limit === undefined ? {} : { limit: values.limit }),
    };
    const init = { init: { signal: io.interrupted } };
    try {
      const answer =
        values.run === undefined
          ? client.search.$get(
              {
                query: {
                  ...common,
                  ...(values.in === undefined ? {} : { in: values.in }),
                  ...(values.status === undefined ? {} : { status: values.status }),
                  ...(values.action === undefined ? {} : { action: values.action }),
                  ...(values.user === undefined ? {} : { user: values.user }),
                  ...(values.since === undefined ? {} : { since: timeOf(values.since) }),
                  ...(values.cursor === undefined ? {} : { cursor: values.cursor }),
                },
              },
              init,
            )
          : client.runs[':id'].search.$get(
              {
                param: { id: await findTask(client, values.run) },
                query: { ...common, ...(values.cursor === undefined ? {} : { from: values.cursor }) },
              },
              init,
            );
      return await show((await good(answer)).body, values.json === true, io);
    } catch (error) {
      if (io.interrupted.aborted) return 130;
      throw error;
    }
  },
};

/** `7d`, `12h`, `30m`, or what a date is written as. @throws UsageError */
function timeOf(text: string): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const minutes = unit === 'd' ? 1440 : unit === 'h' ? 60 : 1;
  const time = count === undefined ? Date.parse(text) : Date.now() - Number(count) * minutes * 60_000;
  if (Number.isNaN(time)) throw new UsageError('--since is a time such as 30m, 12h, 7d or 2026-01-31.');
  return new Date(time).toISOString();
}

const mark = z.tuple([z.int(), z.int()]);
const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run, fields: z.array(z.object({ name: z.string(), text: z.string(), marks: z.array(mark) })) }),
  z.object({
    type: z.literal('match'),
    task_id: z.string(),
    cursor: z.int(),
    line: z.string(),
    marks: z.array(mark),
    before: z.array(z.string()),
    after: z.array(z.string()),
  }),
  z.object({ type: z.literal('more'), task_id: z.string(), cursor: z.int() }),
  z.object({ type: z.literal('progress') }),
  z.object({ type: z.literal('end'), runs: z.int(), bytes: z.int(), next_cursor: z.string().nullable() }),
  z.object({ type: z.literal('error'), code: z.string(), data: z.string() }),
]);

/** @returns the exit code: as grep has it. */
async function show(body: ReadableStream<Uint8Array> | null, json: boolean, io: Io): Promise<number> {
  let found = false;
  const named = new Set<string>();
  for await (const text of linesOf(body)) {
    const message = line.parse(parseJson(text, 'A line of the answer'));
    found ||= message.type === 'run' || message.type === 'match';
    if (json && message.type !== 'progress') await print(io, text);
    else if (!json) await showLine(message, named, io);
    if (message.type === 'error') return OUR_FAILURE;
  }
  return found ? 0 : 1;
}

/** @param named runs whose names were shown. */
async function showLine(message: z.infer<typeof line>, named: Set<string>, io: Io): Promise<void> {
  switch (message.type) {
    case 'run': {
      const { task_id, label, user, created_at } = message.run;
      await print(io, `${task_id.slice(0, 8)}  ${plain(label)}  ${plain(user)}  ${when(created_at)}`);
      if (named.has(task_id)) return;
      named.add(task_id);
      for (const { name, text, marks } of message.fields) await print(io, `  ${name}: ${shown(text, marks, io)}`);
      return;
    }
    case 'match':
      for (const before of message.before) await print(io, `  ${String(' ').padStart(10)}  ${plain(before)}`);
      await print(io, `  ${String(message.cursor).padStart(10)}: ${shown(message.line, message.marks, io)}`);
      for (const after of message.after) await print(io, `  ${String(' ').padStart(10)}  ${plain(after)}`);
      return;
    case 'more':
      return note(io, `more in this run: --run ${message.task_id.slice(0, 8)} --cursor ${message.cursor}`);
    case 'progress':
      return;
    case 'end':
      await note(io, `looked through ${message.runs} runs and ${bytes(message.bytes)} of output`);
      if (message.next_cursor !== null) await note(io, `there may be more: --cursor ${message.next_cursor}`);
      return;
    case 'error':
      return note(io, `${message.data} [${message.code}]`);
    default:
      return unreachable(message);
  }
}

/** The text as a terminal may have it, with what was found in bold red there. */
function shown(text: string, marks: readonly Mark[], io: Io): string {
  if (!io.out.isTTY) return plain(text);
  let out = '';
  let at = 0;
  for (const [from, to] of marks) {
    out += `${plain(text.slice(at, from))}\x1b[1;31m${plain(text.slice(from, to))}\x1b[0m`;
    at = to;
  }
  return out + plain(text.slice(at));
}
