import type { Action } from '../../../shared/actions.ts';
import { closest } from '../../../shared/closest.ts';
import type { ActionInput } from '../../../shared/inputs.ts';
import { MAX_PENDING_S } from '../../../shared/limits.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import { attachRun } from '../attach-run.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { isElsewhere } from '../elsewhere.ts';
import type { EdgeOptions } from '../enter-edge.ts';
import { enterEdge } from '../enter-edge.ts';
import { copyOutput, endingOf, exitCodeOf } from '../follow.ts';
import type { Io, Keyboard } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { readAll } from '../prompt.ts';
import { choose, hostsNamed, pressOnAll } from '../run-on-hosts.ts';
import { sendFile } from '../send-file.ts';
import { typeAlong } from '../type-along.ts';

const options = {
  input: { type: 'string', short: 'i', multiple: true },
  'input-file': { type: 'string', multiple: true },
  'input-stdin': { type: 'string' },
  script: { type: 'string', short: 's' },
  follow: { type: 'boolean', short: 'f' },
  'no-input': { type: 'boolean', short: 'n' },
  host: { type: 'string' },
  all: { type: 'boolean' },
  queue: { type: 'string' },
  url: { type: 'string' },
  user: { type: 'string', short: 'u' },
  'password-file': { type: 'string' },
  raw: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** toru run */
export const run: Command = {
  summary: 'Run an action, or a script',
  help: `Usage: toru run ACTION [--input NAME=VALUE …] [--follow]
       toru run --script NAME [--follow] [-- ARGUMENT …]
       toru run ACTION --host NAME,NAME | --all [--queue TIME] [--input NAME=VALUE …]

Starts a run and prints its id. With --follow it shows the output as it comes, and ends with
the script's exit code (128 + n after a signal, 125 when Toru itself failed). Ctrl-C cancels
a run that is followed; a second one stops watching how it ends, with 130.

  -i, --input NAME=VALUE    an input of the action; once for each, and for each answer where several are chosen
      --input-file NAME=PATH    send this file for an input that takes one
      --input-stdin NAME    read this input from standard input: keeps a secret off the command line
  -s, --script NAME         a script by its name below the scripts folder, with arguments after --
  -f, --follow              show the output until the end; pass standard input and its end (Ctrl-D)
                            on to an action that can be typed into. Where the action runs in a terminal,
                            this one becomes it: keys go there as they are typed, Ctrl-C too, and
                            Ctrl-] leaves
  -n, --no-input            leave standard input alone
      --raw                 let all terminal sequences of the script through
      --json                print {"task_id","state"}; with --follow the whole run at the end, to standard error

On several hosts the action is pressed wherever it is the same, and followed to its ends: a row for each
host, and one result. Ends with 0 when all went well, else with 1. Ctrl-C cancels all of them. It logs in
at the edge and out again; who types on the home host needs no password for it.

      --host NAME,NAME      these hosts, by name or id; their beginning will do
      --all                 every host
      --queue TIME          a host that is away runs it when it is back, within 15m, 8h, 1d; left out otherwise
      --url URL             where Toru’s page is, if not where this host has it
  -u, --user NAME           who logs in; left out on the home host where it has one admin
      --password-file FILE  with their password, which is asked for without; - reads it from standard input

  toru run backup --input target=nas --follow
  pass show router | toru run reboot --input-stdin password
  toru run --script deploy.sh --follow -- staging --dry-run
  toru run update --all --queue 8h
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const client = connect(io.env);
    if (await isElsewhere(client, values)) return runElsewhere(client, positionals, values, io);
    const { reads, tty, ...request } =
      values.script === undefined ? await askAction(client, positionals, values, io) : askScript(values.script, positionals, values);
    const started = await (await good(client.runs.$post({ json: request }))).json();
    if (values.follow !== true) {
      await print(io, values.json === true ? JSON.stringify(started) : started.task_id);
      return 0;
    }
    const typed = reads && values['no-input'] !== true && values['input-stdin'] === undefined;
    const keyboard = tty && typed && io.out.isTTY ? io.keyboard : null;
    const { run: ended, cancelling } = await follow(client, started.task_id, { raw: values.raw === true, typed, keyboard }, io);
    const ending =
      cancelling && !isFinal(ended.state) ? `it is being cancelled; how that ends: toru logs -f ${ended.task_id}` : endingOf(ended);
    if (values.json === true) await io.err.write(`${JSON.stringify(ended)}\n`);
    else if (ending !== '') await note(io, ending);
    return isFinal(ended.state) ? exitCodeOf(ended) : 130;
  },
};

interface Given {
  input?: string[] | undefined;
  'input-file'?: string[] | undefined;
  'input-stdin'?: string | undefined;
}

function askScript(script: string, args: string[], given: Given): { script: string; args: string[]; reads: boolean; tty: boolean } {
  if (given.input !== undefined || given['input-file'] !== undefined || given['input-stdin'] !== undefined)
    throw new UsageError('A script takes arguments, after --. Inputs belong to actions.');
  return { script, args, reads: false, tty: false };
}

async function askAction(
  client: Client,
  words: string[],
  given: Given,
  io: Io,
): Promise<{ action: string; inputs: Record<string, unknown>; reads: boolean; tty: boolean }> {
  const id = oneWord(words, 'The action’s id (see: toru actions)');
  const action = await findAction(client, id);
  const inputs = await inputsOf(action.inputs, given, (input, path) => sendFile(client, { action: id, input }, path), io);
  return { action: id, inputs, reads: action.stdin || action.tty, tty: action.tty };
}

/** @param send gives a file to the host. @returns its id. */
async function inputsOf(
  declared: readonly ActionInput[],
  given: Given,
  send: (input: string, path: string) => Promise<string>,
  io: Io,
): Promise<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  for (const pair of given.input ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--input ${pair}: NAME=VALUE is expected.`);
    const [name, text] = [pair.slice(0, at), pair.slice(at + 1)];
    inputs[name] = takesSeveral(declared, name) ? [inputs[name] ?? [], text].flat() : inputValue(declared, name, text);
  }
  for (const pair of given['input-file'] ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--input-file ${pair}: NAME=PATH is expected.`);
    inputs[pair.slice(0, at)] = await send(pair.slice(0, at), pair.slice(at + 1));
  }
  const piped = given['input-stdin'];
  if (piped !== undefined) inputs[piped] = pipedValue(declared, piped, await readAll(io.input));
  return inputs;
}

/** On hosts of the installation, by a session at its edge. */
async function runElsewhere(
  client: Client,
  words: string[],
  given: Given & EdgeOptions & { host?: string; queue?: string; script?: string; json?: boolean },
  io: Io,
): Promise<number> {
  if (given.script !== undefined)
    throw new UsageError('On other hosts an action is run: of a script by name nobody can say that it is the same there.');
  if (given['input-stdin'] !== undefined && given['password-file'] === '-')
    throw new UsageError('Standard input holds the password or an input, not both: put one of them into a file.');
  const id = oneWord(words, 'The action’s id (see: toru actions)');
  const waits_s = given.queue === undefined ? 0 : secondsOf(given.queue);
  const session = await enterEdge(client, given, io);
  let waits = false;
  try {
    const hosts = hostsNamed(await session.hosts(io.interrupted), given.host ?? null);
    const chosen = await choose(session, hosts, id, io.interrupted);
    const file = (input: string): never => {
      throw new UsageError(`--input-file ${input}: a file is sent to one host at a time. Type toru run on each of them.`);
    };
    const inputs = await inputsOf(chosen.action.inputs, given, file, io);
    const pressed = await pressOnAll(session, chosen, { inputs, waits_s, json: given.json === true }, io);
    waits = pressed.waits;
    return pressed.code;
  } finally {
    // What waits at the edge ends with the session that asked for it.
    if (waits) await note(io, `the session of ${session.username} stays open for what waits; Sessions on the page ends both`);
    else await session.logOut();
  }
}

/** “15m”, “8h”, “1d”. @throws UsageError */
function secondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})\s*(m|min|h|d)$/.exec(text.trim()) ?? [];
  const seconds = Number(count) * (unit === 'd' ? 86_400 : unit === 'h' ? 3600 : 60);
  if (count !== '' && seconds > 0 && seconds <= MAX_PENDING_S) return seconds;
  throw new UsageError(`--queue ${text}: a time such as 15m, 8h or 1d is expected, a day at most.`);
}

/** @throws UsageError with what was probably meant: a script's name, or an id that is near. */
async function findAction(client: Client, id: string): Promise<Pick<Action, 'id' | 'inputs' | 'stdin' | 'tty'>> {
  const { items } = await (await good(client.actions.$get())).json();
  const action = items.find((known) => known.id === id);
  if (action !== undefined) return action;
  const scripts = (await (await good(client.scripts.$get())).json()).items;
  if (scripts.some(({ name }) => name === id)) throw new UsageError(`“${id}” is a script, not an action: toru run --script ${id}`);
  const near = closest(
    id,
    items.map((known) => known.id),
  );
  throw new UsageError(`There is no action “${id}”. ${near === null ? 'See: toru actions' : `Did you mean ${near}?`}`);
}

function takesSeveral(declared: readonly ActionInput[], name: string): boolean {
  return declared.some((input) => input.name === name && input.type === 'choice' && input.multiple === true);
}

/** As `$(…)` of a shell gives it, without the line break that ends it. What goes on to the script's standard input stays whole. */
function pipedValue(declared: readonly Pick<ActionInput, 'name' | 'type' | 'pass'>[], name: string, text: string): string | boolean {
  const value = declared.find((input) => input.name === name)?.pass.by === 'stdin' ? text : text.replace(/\r?\n$/, '');
  return inputValue(declared, name, value);
}

/** The command line has only text; a boolean is one of two words. Everything else the agent reads from text itself. */
function inputValue(declared: readonly Pick<ActionInput, 'name' | 'type'>[], name: string, text: string): string | boolean {
  if (declared.find((input) => input.name === name)?.type !== 'boolean') return text;
  if (/^(?:true|yes|on|1)$/i.test(text)) return true;
  if (/^(?:false|no|off|0)$/i.test(text)) return false;
  throw new UsageError(`--input ${name}: true or false is expected.`);
}

/** The output until the end. The first interrupt cancels the run and goes on reading, the second one stops the reading. */
async function follow(
  client: Client,
  taskId: string,
  { raw, typed, keyboard }: { raw: boolean; typed: boolean; keyboard: Keyboard | null },
  io: Io,
): Promise<{ run: Run; cancelling: boolean }> {
  const leave = new AbortController();
  let cancelling = false;
  const cancel = async (): Promise<void> => {
    cancelling = true;
    process.once('SIGINT', () => leave.abort());
    await note(io, 'cancelling; press Ctrl-C again to stop watching');
    await good(client.runs[':id'].cancel.$post({ param: { id: taskId } })).catch(() => undefined);
  };
  const interrupted = (): void => void cancel();
  const over = new AbortController();
  const typing =
    keyboard === null && typed ? typeAlong(client, taskId, io.input, over.signal).catch((error: Error) => note(io, error.message)) : null;
  const attached =
    keyboard === null
      ? null
      : attachRun(client, taskId, keyboard, io, over.signal).then((left) => {
          if (left) leave.abort();
        });
  io.interrupted.addEventListener('abort', interrupted, { once: true });
  try {
    if (io.interrupted.aborted) interrupted();
    // A program that draws on its terminal is lost without what it draws with.
    await copyOutput(client, taskId, { follow: true, raw: raw || attached !== null, signal: leave.signal }, io);
  } finally {
    io.interrupted.removeEventListener('abort', interrupted);
    over.abort();
    await typing;
    await attached;
  }
  return { run: await endOf(client, taskId, leave.signal), cancelling };
}

/** The log ends a moment before the run is closed in the history. */
async function endOf(client: Client, id: string, left: AbortSignal): Promise<Run> {
  for (let wait = 10; ; wait = Math.min(200, wait * 2)) {
    const found = await (await good(client.runs[':id'].$get({ param: { id } }))).json();
    if (isFinal(found.state) || left.aborted) return found;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
