import type { Run } from '../../../shared/runs.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print } from '../io.ts';
import { stateOf, tookOf } from '../plain-run.ts';
import { bytes, table, when } from '../plain-text.ts';

const json = { json: { type: 'boolean' } } as const;

/** toru actions */
export const actions: Command = {
  summary: 'List the actions',
  help: `Usage: toru actions [--json]

The quick actions in their order, with what stands behind them and how the last run went.

  toru actions
  toru actions --json | jq -r '.[].id'
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, json);
    noWords(positionals);
    const list = await (await good(connect(io.env).actions.$get())).json();
    if (values.json === true) return printJson(io, list.items);
    const rows = list.items.map((action) => [
      action.id,
      action.label,
      'script' in action ? action.script : '',
      action.problem ?? lastOf(action.last_run, action.running, action.queued),
    ]);
    return printTable(io, ['ID', 'LABEL', 'SCRIPT', 'LAST RUN'], rows, 'No actions yet. Make one in the page.');
  },
};

/** toru scripts */
export const scripts: Command = {
  summary: 'List the scripts in the scripts folder',
  help: `Usage: toru scripts [--json]

Everything in the scripts folder that can be run, and what should but can't, with the reason.

  toru scripts
  toru scripts --json | jq '.[] | select(.problem)'
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, json);
    noWords(positionals);
    const list = await (await good(connect(io.env).scripts.$get())).json();
    if (values.json === true) return printJson(io, list.items);
    const rows = list.items.map((script) => [
      script.name,
      bytes(script.size),
      when(script.modified_at),
      script.problem ?? script.description,
    ]);
    return printTable(io, ['NAME', 'SIZE', 'CHANGED', 'ABOUT'], rows, 'No scripts yet. See where they belong: toru status');
  },
};

const runOptions = {
  ...json,
  status: { type: 'string' },
  action: { type: 'string' },
  user: { type: 'string' },
  search: { type: 'string', short: 'q' },
  limit: { type: 'string', short: 'n' },
} as const;

/** toru runs */
export const runs: Command = {
  summary: 'List the runs, newest first',
  help: `Usage: toru runs [--status STATES] [--action ID] [--user NAME] [--search TEXT] [--limit N] [--json]

      --status STATES    queued, running, exited, cancelled, timed_out, interrupted, refused; several with commas
      --action ID        only runs of this action
      --user NAME        only runs of this user
  -q, --search TEXT      in the label, script, arguments, inputs and note
  -n, --limit N          how many; 20 without it, at most 200

  toru runs --status running,queued
  toru runs --action backup -n 5
  toru runs -q "disk full" --json
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, runOptions);
    noWords(positionals);
    const query = {
      limit: values.limit ?? '20',
      ...(values.status === undefined ? {} : { status: values.status }),
      ...(values.action === undefined ? {} : { action: values.action }),
      ...(values.user === undefined ? {} : { user: values.user }),
      ...(values.search === undefined ? {} : { q: values.search }),
    };
    const list = await (await good(connect(io.env).runs.$get({ query }))).json();
    if (values.json === true) return printJson(io, list.items);
    const noted = list.items.some((run) => run.note !== undefined);
    const rows = list.items.map((run) => [
      run.task_id.slice(0, 8),
      when(run.created_at),
      stateOf(run),
      tookOf(run),
      run.user,
      run.label,
      ...(noted ? [run.note?.replaceAll('\n', ' ') ?? ''] : []),
    ]);
    return printTable(io, ['TASK', 'CREATED', 'STATE', 'TOOK', 'USER', 'WHAT', ...(noted ? ['NOTE'] : [])], rows, 'No runs.');
  },
};

function lastOf(
  last: { state: Run['state']; exit_code: number | null; created_at: string } | null,
  running: number,
  queued: number,
): string {
  const now = [running > 0 ? `${running} running` : '', queued > 0 ? `${queued} queued` : ''].filter((part) => part !== '').join(', ');
  if (now !== '') return now;
  return last === null ? 'never' : `${last.state === 'exited' ? `exit ${last.exit_code ?? '?'}` : last.state}, ${when(last.created_at)}`;
}

export async function printJson(io: Io, items: unknown): Promise<number> {
  await print(io, JSON.stringify(items, null, 2));
  return 0;
}

export async function printTable(io: Io, header: string[], rows: string[][], empty: string): Promise<number> {
  await print(io, rows.length === 0 ? empty : table(header, rows, io.out.isTTY ? io.out.columns : null));
  return 0;
}
