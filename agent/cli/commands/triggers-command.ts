import type { Trigger } from '../../../shared/workflows.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { printJson, printTable } from './lists.ts';

/** toru triggers */
export const triggers: Command = {
  summary: 'List what starts tasks by itself, fire it, switch it',
  help: `Usage: toru triggers [WORKSPACE] [--json]
       toru triggers fire|enable|disable WORKSPACE/TRIGGER

  toru triggers ops
  toru triggers fire ops/nightly
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } } as const);
    const { workspaces } = connect(io.env);
    const [what, ...words] = positionals;
    switch (what) {
      case 'fire':
      case 'enable':
      case 'disable': {
        const [ws = '', name, ...more] = oneWord(words, 'WORKSPACE/TRIGGER').split('/');
        if (name === undefined || more.length > 0) throw new UsageError('WORKSPACE/TRIGGER is expected, such as ops/nightly.');
        const calls = workspaces[':ws'].triggers[':name'];
        const param = { ws, name };
        if (what === 'fire') {
          const { job_id } = await (await good(calls.fire.$post({ param }))).json();
          await print(io, job_id);
          return 0;
        }
        const { enabled } = await (await good(calls[what].$post({ param }))).json();
        await print(io, `${plain(ws)}/${plain(name)} is ${enabled ? 'on' : 'off'}.`);
        return 0;
      }
      default: {
        noWords(words);
        const names = what === undefined ? (await (await good(workspaces.$get())).json()).items.map(({ name }) => name) : [what];
        const lists = await Promise.all(
          names.map(async (ws) => (await (await good(workspaces[':ws'].triggers.$get({ param: { ws } }))).json()).items),
        );
        const items = lists.flat();
        if (values.json === true) return printJson(io, items);
        return printTable(io, ['TRIGGER', 'STARTS', 'WHEN', 'NEXT', 'LAST'], items.map(rowOf), 'No triggers.');
      }
    }
  },
};

type Listed = Pick<Trigger, 'workspace' | 'name' | 'task' | 'enabled' | 'next_fire_at' | 'last_job' | 'error'> & {
  definition: { type: 'webhook'; name: string } | { type: 'scheduler'; cron: string; timezone: string };
};

function rowOf({ workspace, name, task, enabled, definition, next_fire_at, last_job, error }: Listed): string[] {
  const times = definition.type === 'webhook' ? `/hooks/${definition.name}` : `${definition.cron} ${definition.timezone}`;
  const next = enabled ? (next_fire_at === null ? '' : when(next_fire_at)) : 'off';
  return [`${workspace}/${name}`, task, times, next, error ?? (last_job === null ? '' : `${last_job.state} ${when(last_job.created_at)}`)];
}
