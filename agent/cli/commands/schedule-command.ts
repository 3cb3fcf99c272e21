import type { Schedule } from '../../../shared/schedules.ts';
import { catchUp } from '../../../shared/schedules.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { printJson, printTable } from './lists.ts';

const options = {
  json: { type: 'boolean' },
  timezone: { type: 'string' },
  'catch-up': { type: 'string' },
  input: { type: 'string', short: 'i', multiple: true },
  secret: { type: 'string', multiple: true },
} as const;

/** toru schedule */
export const schedule: Command = {
  summary: 'Run an action, or one after another, by itself, at times',
  help: `Usage: toru schedule ACTION 'CRON' [--timezone ZONE] [--catch-up none|one|all] [--input NAME=VALUE]… [--secret NAME=SECRET]…
       toru schedule list [ACTION] [--json]
       toru schedule fire|enable|disable|remove NAME

ACTION may be a chain of two actions, too (“then run”), by the name of its task: backup-then-tell.
CRON has five fields (minute, hour, day, month, weekday), or six with seconds first. Each run is an ordinary run of the action,
with the rights of the user who saved the schedule. What was missed while the host was away runs once; --catch-up says otherwise.

      --timezone ZONE        an IANA name; without it, the host's own
      --catch-up HOW         one (once, however many were missed), all, or none
  -i, --input NAME=VALUE     an answer to one of the action's questions
      --secret NAME=SECRET   a stored secret for an input of the type “secret”: toru secret set

  toru schedule backup '0 3 * * *' --timezone Europe/Berlin --input target=nas
  toru schedule list
  toru schedule remove backup
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const [what, ...words] = positionals;
    const { schedules, chains, actions, workspaces } = connect(io.env);
    switch (what) {
      case undefined:
      case 'list': {
        const [action, ...more] = words;
        noWords(more);
        const { items } = await (await good(schedules.$get({ query: action === undefined ? {} : { action } }))).json();
        if (values.json === true) return printJson(io, items);
        return printTable(
          io,
          ['NAME', 'ACTION', 'CRON', 'ZONE', 'NEXT', 'AS', 'LAST'],
          items.map(rowOf),
          "No schedules. Make one: toru schedule ACTION '0 3 * * *'",
        );
      }
      case 'remove': {
        const name = oneWord(words, 'The name of the schedule');
        await good(schedules[':name'].$delete({ param: { name } }));
        await print(io, `${plain(name)} is removed.`);
        return 0;
      }
      case 'fire':
      case 'enable':
      case 'disable': {
        const name = oneWord(words, 'The name of the schedule');
        const { items } = await (await good(schedules.$get({ query: {} }))).json();
        const found = items.find((one) => one.name === name);
        if (found === undefined) throw new UsageError(`There is no schedule “${plain(name)}”. See: toru schedule list`);
        const param = { ws: found.workspace, name };
        const calls = workspaces[':ws'].triggers[':name'];
        if (what === 'fire') {
          const { job_id } = await (await good(calls.fire.$post({ param }))).json();
          await print(io, job_id);
          return 0;
        }
        const { enabled } = await (await good(calls[what].$post({ param }))).json();
        await print(io, `${plain(name)} is ${enabled ? 'on' : 'off'}.`);
        return 0;
      }
      default: {
        const cron = oneWord(words, "CRON, in quotes, such as '0 3 * * *',");
        const how = catchUp.safeParse(values['catch-up'] ?? 'one');
        if (!how.success) throw new UsageError('--catch-up is none, one or all.');
        const json = {
          ...((await isChain({ chains, actions }, what)) ? { chain: what } : { action: what }),
          cron,
          catch_up: how.data,
          inputs: pairs('--input', values.input ?? []),
          secrets: pairs('--secret', values.secret ?? []),
          ...(values.timezone === undefined ? {} : { timezone: values.timezone }),
        };
        const made = await (await good(schedules.$post({ json }))).json();
        if (values.json === true) return printJson(io, made);
        return show(io, made);
      }
    }
  },
};

/** The name of a chain's task is no action's: an id of an action that is called so goes before. */
async function isChain({ chains, actions }: Pick<Client, 'chains' | 'actions'>, name: string): Promise<boolean> {
  const { items } = await (await good(chains.$get({ query: {} }))).json();
  if (!items.some(({ task }) => task === name)) return false;
  const { items: known } = await (await good(actions.$get())).json();
  return !known.some(({ id }) => id === name);
}

function pairs(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError(`${option} is NAME=VALUE, and not “${text}”.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

async function show(io: Io, { name, action, chain, timezone, next_fires }: Schedule): Promise<number> {
  const next = next_fires.map((at) => when(at)).join(', ');
  await print(
    io,
    `${plain(name)}: runs ${plain(chain ?? action)}, next ${next} (${plain(timezone)} decides; shown in this terminal’s time)`,
  );
  return 0;
}

function rowOf(one: Schedule): string[] {
  const [next] = one.next_fires;
  const last = one.error ?? one.problem ?? (one.last_job === null ? '' : `${one.last_job.state} ${when(one.last_job.created_at)}`);
  return [
    one.name,
    one.chain ?? one.action,
    one.cron,
    one.timezone,
    one.enabled ? (next === undefined ? 'never' : when(next)) : 'off',
    one.user,
    last,
  ];
}
