import type { Action } from '../../../shared/actions.ts';
import { closest } from '../../../shared/closest.ts';
import type { ActionInput } from '../../../shared/inputs.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { copyOutput, endingOf, exitCodeOf } from '../follow.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { requireOnlyHere } from '../only-here.ts';
import { readAll } from '../prompt.ts';
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
  raw: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** toru run */
export const run: Command = {
  summary: 'Run an action, or a script',
  help: `Usage: toru run ACTION [--input NAME=VALUE …] [--follow]
       toru run --script NAME [--follow] [-- ARGUMENT …]

Starts a run and prints its id. With --follow it shows the output as it comes, and ends with
the script's exit code (128 + n after a signal, 125 when Toru itself failed). Ctrl-C cancels
a run that is followed; a second one stops watching how it ends, with 130.

  -i, --input NAME=VALUE    an input of the action; once for each, and for each answer where several are chosen
      --input-file NAME=PATH    send this file for an input that takes one
      --input-stdin NAME    read this input from standard input: keeps a secret off the command line
  -s, --script NAME         a script by its name below the scripts folder, with arguments after --
  -f, --follow              show the output until the end; pass standard input and its end (Ctrl-D)
                            on to an action that can be typed into
  -n, --no-input            leave standard input alone
      --host NAME, --all    refused for any host but the one that this is typed on: run it on the page
      --raw                 let all terminal sequences of the script through
      --json                print {"task_id","state"}; with --follow the whole run at the end, to standard error

  toru run backup --input target=nas --follow
  pass show router | toru run reboot --input-stdin password
  toru run --script deploy.sh --follow -- staging --dry-run
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const client = connect(io.env);
    await requireOnlyHere(client, values);
    const { reads, ...request } =
      values.script === undefined ? await askAction(client, positionals, values, io) : askScript(values.script, positionals, values);
    const started = await (await good(client.runs.$post({ json: request }))).json();
    if (values.follow !== true) {
      await print(io, values.json === true ? JSON.stringify(started) : started.task_id);
      return 0;
    }
    const typed = reads && values['no-input'] !== true && values['input-stdin'] === undefined;
    const { run: ended, cancelling } = await follow(client, started.task_id, { raw: values.raw === true, typed }, io);
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

function askScript(script: string, args: string[], given: Given): { script: string; args: string[]; reads: boolean } {
  if (given.input !== undefined || given['input-file'] !== undefined || given['input-stdin'] !== undefined)
    throw new UsageError('A script takes arguments, after --. Inputs belong to actions.');
  return { script, args, reads: false };
}

async function askAction(
  client: Client,
  words: string[],
  given: Given,
  io: Io,
): Promise<{ action: string; inputs: Record<string, unknown>; reads: boolean }> {
  const id = oneWord(words, 'The action’s id (see: toru actions)');
  const action = await findAction(client, id);
  const inputs: Record<string, unknown> = {};
  for (const pair of given.input ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--input ${pair}: NAME=VALUE is expected.`);
    const [name, text] = [pair.slice(0, at), pair.slice(at + 1)];
    inputs[name] = takesSeveral(action.inputs, name) ? [inputs[name] ?? [], text].flat() : inputValue(action.inputs, name, text);
  }
  for (const pair of given['input-file'] ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--input-file ${pair}: NAME=PATH is expected.`);
    inputs[pair.slice(0, at)] = await sendFile(client, { action: id, input: pair.slice(0, at) }, pair.slice(at + 1));
  }
  const piped = given['input-stdin'];
  if (piped !== undefined) inputs[piped] = pipedValue(action.inputs, piped, await readAll(io.input));
  return { action: id, inputs, reads: action.stdin };
}

/** @throws UsageError with what was probably meant: a script's name, or an id that is near. */
async function findAction(client: Client, id: string): Promise<Pick<Action, 'id' | 'inputs' | 'stdin'>> {
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
  { raw, typed }: { raw: boolean; typed: boolean },
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
  const typing = typed ? typeAlong(client, taskId, io.input, over.signal).catch((error: Error) => note(io, error.message)) : null;
  io.interrupted.addEventListener('abort', interrupted, { once: true });
  try {
    if (io.interrupted.aborted) interrupted();
    await copyOutput(client, taskId, { follow: true, raw, signal: leave.signal }, io);
  } finally {
    io.interrupted.removeEventListener('abort', interrupted);
    over.abort();
    await typing;
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
