import { secretName, secretWrite } from '../../../shared/secrets.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { when } from '../plain-text.ts';
import { askHidden, readAll } from '../prompt.ts';
import { printTable } from './lists.ts';
import '../../../shared/schema-words.ts';

/** toru secret */
export const secret: Command = {
  summary: 'Store secrets for actions and workflows',
  help: `Usage: toru secret set NAME [--workspace WS]
       toru secret list
       toru secret remove NAME [--workspace WS]

“set” asks for the value and shows nothing of it; from a pipe it takes all of it, but for one line break at the end. The host
keeps it sealed under its key. An action gets it by an input of the type “secret” that names it; nobody can read it back.

  -w, --workspace WS   for the workflows of this workspace alone

  toru secret set DEPLOY_TOKEN
  toru secret set DEPLOY_KEY < id_ed25519
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { workspace: { type: 'string', short: 'w' } });
    const [act, ...words] = positionals;
    const workspace = values.workspace === undefined ? {} : { workspace: values.workspace };
    switch (act) {
      case 'set':
        return store(io, nameIn(words), workspace);
      case 'list':
        noWords(words);
        return list(io);
      case 'remove': {
        const name = nameIn(words);
        await good(connect(io.env).secrets[':name'].$delete({ param: { name }, query: workspace }));
        await print(io, name);
        return 0;
      }
      default:
        throw new UsageError(act === undefined ? 'Say what to do: set, list or remove.' : `“${act}” is none of set, list and remove.`);
    }
  },
};

async function store(io: Io, name: string, workspace: { workspace?: string }): Promise<number> {
  const json = secretWrite.safeParse({ value: await askValue(io, name), ...workspace });
  if (!json.success) throw new UsageError(`The secret: ${json.error.issues[0]?.message ?? 'not as expected'}.`);
  await good(connect(io.env).secrets[':name'].$put({ param: { name }, json: json.data }));
  await print(io, name);
  if (Buffer.byteLength(json.data.value) < 6) await note(io, 'it is shorter than 6 bytes: where a script prints it, it is shown');
  return 0;
}

async function askValue(io: Io, name: string): Promise<string> {
  if (io.keyboard !== null) return askHidden(`The value of ${name}: `, io.keyboard, io.err);
  return (await readAll(io.input)).replace(/\r?\n$/, '');
}

async function list(io: Io): Promise<number> {
  const { items } = await (await good(connect(io.env).secrets.$get())).json();
  const rows = items.map(({ name, workspace, updated_at, updated_by }) => [name, workspace ?? 'all', when(updated_at), updated_by]);
  return printTable(io, ['NAME', 'WORKSPACE', 'SET', 'BY'], rows, 'No secrets. Store one: toru secret set NAME');
}

function nameIn([name, more]: readonly string[]): string {
  if (name === undefined) throw new UsageError('The secret’s name is missing.');
  if (more !== undefined)
    throw new UsageError(
      `“${more}” is one word too many. The value is asked for, or comes by a pipe: words of a command can be seen by others.`,
    );
  const checked = secretName.safeParse(name);
  if (!checked.success) throw new UsageError(`The name: ${checked.error.issues[0]?.message ?? 'not as expected'}.`);
  return checked.data;
}
