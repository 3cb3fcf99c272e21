import { newPassword } from '../../../shared/users.ts';
import { generatePassword } from '../../users/generated-password.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { parse } from '../command.ts';
import type { Io, Keyboard } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { askHidden, readAll } from '../prompt.ts';
import '../../../shared/schema-words.ts';

/** toru passwd */
export const passwd: Command = {
  summary: 'Set a user’s password',
  help: `Usage: toru passwd [USER] [--generate]

Asks for the new password, twice; from a pipe it reads one line. All sessions of the user end.
USER can be left out where there is only one admin.

  -g, --generate    make one up and print it

  toru passwd anna
  toru passwd anna --generate
  pass show toru | toru passwd anna
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { generate: { type: 'boolean', short: 'g' } });
    const client = connect(io.env);
    const { items } = await (await good(client.users.$get())).json();
    const user = pick(items, positionals);
    const password = values.generate === true ? generatePassword() : await request(user.username, io);
    await good(client.users[':id'].$patch({ param: { id: user.id }, json: { password } }));
    if (values.generate === true) await print(io, password);
    await note(io, `the password of ${user.username} is changed, and their sessions are ended`);
    return 0;
  },
};

interface Named {
  id: string;
  username: string;
  role: string;
}

function pick(users: readonly Named[], [name, more]: readonly string[]): Named {
  if (more !== undefined) throw new UsageError(`“${more}” is one word too many.`);
  const fitting =
    name === undefined
      ? users.filter((user) => user.role === 'admin')
      : users.filter((user) => user.username.toLowerCase() === name.toLowerCase());
  const [user] = fitting;
  if (user !== undefined && fitting.length === 1) return user;
  const all = users.map((known) => known.username).join(', ');
  throw new UsageError(name === undefined ? `Whose? There are ${all}.` : `There is no user “${name}”. There are ${all}.`);
}

async function request(username: string, io: Io): Promise<string> {
  const { keyboard } = io;
  const password = keyboard !== null ? await askTwice(username, keyboard, io) : ((await readAll(io.input)).split(/\r?\n/, 1)[0] ?? '');
  const checked = newPassword.safeParse(password);
  if (!checked.success) throw new UsageError(`The new password: ${checked.error.issues[0]?.message ?? 'not as expected'}.`);
  return password;
}

async function askTwice(username: string, keyboard: Keyboard, io: Io): Promise<string> {
  const first = await askHidden(`New password for ${username}: `, keyboard, io.err);
  if ((await askHidden('Once more: ', keyboard, io.err)) !== first) throw new UsageError('The two differ. Nothing was changed.');
  return first;
}
