import type { Insight } from '../../../shared/orchestrators.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { chosen, noWords, oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { plain } from '../terminal-filter.ts';
import { printJson, printTable } from './lists.ts';

const HELP = `Usage: toru orchestrator list [--json]
       toru orchestrator add [--name NAME] [--folder ID] [--stall S] [--interval S] [--type TEXT]
       toru orchestrator remove ORCHESTRATOR
       toru orchestrator insights [ORCHESTRATOR] [--all] [--json]
       toru orchestrator dismiss INSIGHT
       toru orchestrator type INSIGHT TEXT [--enter]

Watches terminals, and says which of them need somebody: who asks for permission, does not go on, repeats an error, is done. ORCHESTRATOR
and INSIGHT are an id, the beginning of one, or (ORCHESTRATOR) a name.

  add        of the terminals of this host, or of a folder of terminals; --stall 300: seconds without output and work; with --type, a terminal
             that stalled and whose program says that it waits for input is given TEXT by itself
  insights   that are open; with --all those that were dealt with, too
  type       types TEXT into its terminal, as one paste; with --enter, Enter when it stands there. The host refuses it where the terminal
             asks something, shows something else by now, or somebody types

  toru orchestrator add --name night --stall 300
  toru orchestrator insights
`;

const options = {
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  enter: { type: 'boolean' },
  name: { type: 'string' },
  folder: { type: 'string' },
  stall: { type: 'string' },
  interval: { type: 'string' },
  type: { type: 'string' },
} as const;
type Values = ReturnType<typeof parse<typeof options>>['values'];
type Act = (words: string[], values: Values, io: Io) => Promise<number>;

const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  [
    'list',
    async (words, values, io) => {
      noWords(words);
      const items = await all(connect(io.env));
      if (values.json === true) return printJson(io, items);
      const rows = items.map(({ id, name, folder, enabled, stall_s, rule, open }) => [
        id.slice(0, 8),
        name,
        folder === null ? 'all' : folder.slice(0, 8),
        enabled ? 'looks' : 'off',
        `${stall_s} s`,
        rule.enabled ? rule.text : '-',
        String(open),
      ]);
      const nothing = 'No orchestrators. Add one: toru orchestrator add';
      return printTable(io, ['ID', 'NAME', 'FOLDER', 'STATE', 'STALL', 'TYPES', 'OPEN'], rows, nothing);
    },
  ],
  [
    'add',
    async (words, values, io) => {
      noWords(words);
      const { name, folder, type: text } = values;
      const json = {
        ...(name === undefined ? {} : { name }),
        ...(folder === undefined ? {} : { folder }),
        ...(values.stall === undefined ? {} : { stall_s: seconds(values.stall, '--stall') }),
        ...(values.interval === undefined ? {} : { interval_s: seconds(values.interval, '--interval') }),
        ...(text === undefined ? {} : { rule: { enabled: true, text } }),
      };
      const made = await (await good(connect(io.env).orchestrators.$post({ json }))).json();
      await print(io, made.id);
      return 0;
    },
  ],
  [
    'remove',
    async (words, _values, io) => {
      const client = connect(io.env);
      const { id } = await find(client, oneWord(words, 'The orchestrator'));
      await good(client.orchestrators[':id'].$delete({ param: { id } }));
      return 0;
    },
  ],
  [
    'insights',
    async (words, values, io) => {
      const client = connect(io.env);
      const of = words.length === 0 ? await all(client) : [await find(client, oneWord(words, 'The orchestrator'))];
      const items = await insightsOf(client, of, values.all === true);
      if (values.json === true) return printJson(io, items);
      const rows = items.map(({ id, terminal_name, kind, state, created_at, reason }) => [
        id.slice(0, 8),
        terminal_name,
        kind,
        state,
        when(created_at),
        reason,
      ]);
      return printTable(io, ['ID', 'TERMINAL', 'KIND', 'STATE', 'SINCE', 'WHY'], rows, 'No terminal needs anybody now.');
    },
  ],
  [
    'dismiss',
    async (words, _values, io) => {
      const client = connect(io.env);
      const { id: insight, orchestrator: id } = await findInsight(client, oneWord(words, 'The insight'));
      await good(client.orchestrators[':id'].insights[':insight'].$patch({ param: { id, insight }, json: { state: 'dismissed' } }));
      return 0;
    },
  ],
  [
    'type',
    async ([word, text, ...more], values, io) => {
      noWords(more);
      if (text === undefined) throw new UsageError('The text is missing: toru orchestrator type INSIGHT TEXT');
      const client = connect(io.env);
      const {
        id: insight,
        orchestrator: id,
        terminal,
      } = await findInsight(client, oneWord(word === undefined ? [] : [word], 'The insight'));
      const param = { id };
      const seen = await (await good(client.orchestrators[':id'].screens[':terminal'].$get({ param: { id, terminal } }))).json();
      const { inject } = client.orchestrators[':id'];
      let now = await (await good(inject.$post({ param, json: { terminal, digest: seen.digest, text, insight } }))).json();
      if (values.enter === true)
        now = await (await good(inject.$post({ param, json: { terminal, digest: now.digest, enter: true, insight } }))).json();
      for (const line of now.lines) await print(io, plain(line));
      return 0;
    },
  ],
]);

async function all(client: Client) {
  return (await (await good(client.orchestrators.$get())).json()).items;
}

async function insightsOf(client: Client, of: readonly { id: string }[], settled: boolean): Promise<Insight[]> {
  const lists = await Promise.all(
    of.map(async ({ id }) => {
      const query = { limit: '200', ...(settled ? {} : { state: 'open' as const }) };
      return (await (await good(client.orchestrators[':id'].insights.$get({ param: { id }, query }))).json()).items;
    }),
  );
  return lists.flat().sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

async function find(client: Client, word: string) {
  return only(
    (await all(client)).filter(({ id, name }) => id.startsWith(word) || name === word),
    `orchestrator “${word}” (see: toru orchestrator list)`,
  );
}

async function findInsight(client: Client, word: string): Promise<Insight> {
  const items = await insightsOf(client, await all(client), true);
  return only(
    items.filter(({ id }) => id.startsWith(word)),
    `insight “${word}” (see: toru orchestrator insights)`,
  );
}

/** @throws UsageError */
function only<T>(found: readonly T[], what: string): T {
  const [first, more] = found;
  if (first === undefined) throw new UsageError(`There is no ${what}.`);
  if (more !== undefined) throw new UsageError(`There are several of the ${what}. Type more of the id.`);
  return first;
}

/** @throws UsageError */
function seconds(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new UsageError(`${option} is a number of seconds.`);
  return value;
}

/** toru orchestrator */
export const orchestrator: Command = {
  summary: 'Watch terminals, and say which of them need somebody',
  help: HELP,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const { act, words } = chosen(ACTS, positionals);
    return act(words, values, io);
  },
};
