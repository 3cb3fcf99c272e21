import { randomUUID } from 'node:crypto';
import { closest } from '../../../shared/closest.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import { attachTerminal, send } from '../attach-terminal.ts';
import type { Command } from '../command.ts';
import { chosen, noWords, oneWord, parse } from '../command.ts';
import { findTerminal } from '../find-terminal.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { readAll } from '../prompt.ts';
import { getFile, putFile } from '../terminal-files.ts';
import { tmuxSessions } from '../tmux-sessions.ts';
import { printJson, printTable } from './lists.ts';
import { filtered, shownExec } from './shown-exec.ts';

const HELP = `Usage: toru terminal new [--name NAME] [--cwd DIR] [--attach] [-- PROGRAM ARG…]
       toru terminal list [--json]
       toru terminal attach TERMINAL
       toru terminal send TERMINAL [TEXT] [--enter]
       toru terminal exec TERMINAL [--timeout S] [--json] -- PROGRAM ARG…
       toru terminal adopt [SESSION] [--attach]
       toru terminal put TERMINAL FILE… [--to DIR] [--overwrite]
       toru terminal get TERMINAL PATH [--to FILE]
       toru terminal scrollback TERMINAL [--lines N] [--ansi]
       toru terminal suspend TERMINAL [--freeze]
       toru terminal resume TERMINAL
       toru terminal close TERMINAL

Shells that go on when you leave, on any screen. TERMINAL is an id, the beginning of one, a name, or “last”.

  new          opens one, in this folder, and prints its id; without PROGRAM a login shell
  attach       this terminal becomes that one; Ctrl-] leaves, and so does ~. at the beginning of a line
  send         types TEXT into it, or what comes by a pipe
  exec         runs a program in its folder and environment, beside what runs in it; ends with that program’s code
  adopt        lists the sessions of tmux on this host; SESSION becomes a terminal, and is still tmux's
  put          copies files of this machine into its folder; nothing is replaced without --overwrite
  get          copies a file from there into this folder; --to - prints it
  scrollback   what was printed last, without colours unless --ansi
  suspend      its viewers leave; with --freeze nothing in it runs until it is resumed
  close        ends all that runs in it; of one that ended, removes what it printed

  toru terminal new --name build --attach
  toru terminal exec build -- git status --short
  toru terminal send build "make test" --enter
`;

const options = {
  name: { type: 'string' },
  cwd: { type: 'string' },
  attach: { type: 'boolean', short: 'a' },
  keep: { type: 'boolean' },
  json: { type: 'boolean' },
  enter: { type: 'boolean' },
  timeout: { type: 'string' },
  lines: { type: 'string', short: 'n' },
  ansi: { type: 'boolean' },
  freeze: { type: 'boolean' },
  to: { type: 'string' },
  overwrite: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse<typeof options>>['values'];
type Act = (words: string[], values: Values, io: Io) => Promise<number>;

async function open(client: Client, command: string[], values: Values, io: Io): Promise<number> {
  const { columns, rows } = process.stdout;
  const sized = io.out.isTTY && columns > 0 && rows > 0 ? { cols: columns, rows } : {};
  const json = {
    request_id: randomUUID(),
    cwd: values.cwd ?? process.cwd(),
    ...sized,
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values.keep === true ? { keep: true } : {}),
    ...(command.length === 0 ? {} : { command }),
  };
  const made = await (await good(client.terminals.$post({ json }))).json();
  if (values.attach === true) return attachTerminal(client, made.id, io);
  await print(io, values.json === true ? JSON.stringify(made) : made.id);
  return 0;
}

const WHICH = 'The terminal (see: toru terminal list)';

const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  ['new', (command, values, io) => open(connect(io.env), command, values, io)],
  [
    'list',
    async (words, values, io) => {
      noWords(words);
      const { items } = await (await good(connect(io.env).terminals.$get({ query: { limit: '200' } }))).json();
      if (values.json === true) return printJson(io, items);
      const rows = items.map(({ id, name, state, frozen, viewers, last_output_at, created_at, cwd }) => [
        id.slice(0, 8),
        name,
        frozen ? 'frozen' : state,
        String(viewers),
        when(last_output_at ?? created_at),
        cwd,
      ]);
      return printTable(
        io,
        ['ID', 'NAME', 'STATE', 'VIEWERS', 'LAST OUTPUT', 'FOLDER'],
        rows,
        'No terminals. Open one: toru terminal new --attach',
      );
    },
  ],
  [
    'attach',
    async (words, _values, io) => {
      const client = connect(io.env);
      return attachTerminal(client, await findTerminal(client, oneWord(words, WHICH)), io);
    },
  ],
  [
    'send',
    async ([word, text, ...more], values, io) => {
      noWords(more);
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(word === undefined ? [] : [word], WHICH));
      const typed = text ?? (await readAll(io.input));
      await send(client, id, `${typed}${values.enter === true ? '\r' : ''}`, io.interrupted);
      return 0;
    },
  ],
  [
    'exec',
    async ([word, ...argv], values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(word === undefined ? [] : [word], WHICH));
      if (argv.length === 0) throw new UsageError('The program is missing: toru terminal exec TERMINAL -- PROGRAM ARG…');
      const timeout_s = values.timeout === undefined ? undefined : Number(values.timeout);
      if (timeout_s !== undefined && !Number.isInteger(timeout_s)) throw new UsageError('--timeout is a number of seconds.');
      const json = { argv, ...(timeout_s === undefined ? {} : { timeout_s }) };
      const answer = await (await good(client.terminals[':id'].exec.$post({ param: { id }, json }))).json();
      return shownExec(answer, values.json === true, io);
    },
  ],
  [
    'adopt',
    async ([name, ...more], values, io) => {
      noWords(more);
      const sessions = await tmuxSessions(io.env);
      if (name === undefined) {
        if (values.json === true) return printJson(io, sessions);
        const rows = sessions.map((one) => [one.name, String(one.windows), String(one.attached), when(one.created.toISOString()), one.cwd]);
        return printTable(
          io,
          ['SESSION', 'WINDOWS', 'CLIENTS', 'SINCE', 'FOLDER'],
          rows,
          'tmux has no session of yours. A shell that outlives you: toru terminal new --attach',
        );
      }
      const session = sessions.find((one) => one.name === name);
      if (session === undefined) {
        const near = closest(
          name,
          sessions.map((one) => one.name),
        );
        throw new UsageError(`tmux has no session “${name}”. ${near === null ? 'See: toru terminal adopt' : `Did you mean ${near}?`}`);
      }
      return open(connect(io.env), session.command, { ...values, name: values.name ?? session.name, cwd: values.cwd ?? session.cwd }, io);
    },
  ],
  [
    'put',
    async ([word, ...files], values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(word === undefined ? [] : [word], WHICH));
      if (files.length === 0) throw new UsageError('The file is missing: toru terminal put TERMINAL FILE…');
      for (const file of files) await print(io, (await putFile(client, id, file, values)).path);
      return 0;
    },
  ],
  [
    'get',
    async ([word, path, ...more], values, io) => {
      noWords(more);
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(word === undefined ? [] : [word], WHICH));
      await getFile(client, id, oneWord(path === undefined ? [] : [path], 'The path'), values, io);
      return 0;
    },
  ],
  [
    'scrollback',
    async (words, values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(words, WHICH));
      const query = {
        ...(values.lines === undefined ? {} : { lines: values.lines }),
        ...(values.ansi === true ? { format: 'ansi' as const } : {}),
      };
      const text = await (await good(client.terminals[':id'].scrollback.$get({ param: { id }, query }))).text();
      await print(io, filtered(text, io.out));
      return 0;
    },
  ],
  [
    'suspend',
    async (words, values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(words, WHICH));
      await good(client.terminals[':id'].suspend.$post({ param: { id }, json: { freeze: values.freeze === true } }));
      return 0;
    },
  ],
  [
    'resume',
    async (words, _values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(words, WHICH));
      await good(client.terminals[':id'].resume.$post({ param: { id } }));
      return 0;
    },
  ],
  [
    'close',
    async (words, _values, io) => {
      const client = connect(io.env);
      const id = await findTerminal(client, oneWord(words, WHICH));
      await good(client.terminals[':id'].$delete({ param: { id } }));
      return 0;
    },
  ],
]);

/** toru terminal */
export const terminal: Command = {
  summary: 'Open, attach and close shells that outlive you',
  help: HELP,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const { act, words } = chosen(ACTS, positionals);
    return act(words, values, io);
  },
};
