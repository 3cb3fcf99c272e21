import { ToruError } from '../../shared/errors.ts';
import type { EdgeLocation } from '../config-edge.ts';
import { isInClear } from '../config-edge.ts';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { edgeAddress } from './edge-address.ts';
import { EdgeSession } from './edge-session.ts';
import type { Io } from './io.ts';
import { note, UsageError } from './io.ts';
import { membershipOf } from './membership-words.ts';
import { askHidden, readSecret } from './prompt.ts';

/** What a command line says of the way to the edge. */
export interface EdgeOptions {
  url?: string | undefined;
  user?: string | undefined;
  'password-file'?: string | undefined;
}

/**
 * Logs in at the edge, as a browser does. Whoever types on the home host needs no password: a login link of theirs is made and used.
 * @param client the agent of this machine; it need not run where `url` is given.
 * @throws UsageError where it is not known who, where, or by which password; as EdgeSession.logIn.
 */
export async function enterEdge(client: Client, given: EdgeOptions, io: Io): Promise<EdgeSession> {
  const { url, user, 'password-file': file } = given;
  const membership = url === undefined ? await membershipOf(client) : null;
  if (membership?.kind === 'home' && file === undefined) {
    const made = await good(client['login-links'].$post({ json: user === undefined ? {} : { username: user } }));
    const { code, origin } = await made.json();
    return EdgeSession.logIn(whereOf(origin), { code }, io.interrupted);
  }
  const edge = url === undefined ? whereOf(membership?.page ?? null) : edgeAddress(url);
  if (user === undefined) throw new UsageError(`Who logs in at ${edge.origin}? Say it: --user NAME`);
  if (isInClear(edge.url)) await note(io, `${edge.origin}: everybody in this network can read the password that goes over it`);
  const password = await passwordOf(user, edge, file, io);
  try {
    return await EdgeSession.logIn(edge, { username: user, password }, io.interrupted);
  } catch (error) {
    if (error instanceof ToruError && error.code === 'invalid_credentials')
      throw new ToruError('invalid_credentials', `${edge.origin} knows no ${user} with that password. Nothing was run.`, { cause: error });
    throw error;
  }
}

/** @throws UsageError */
function whereOf(page: string | null): EdgeLocation {
  if (page === null) throw new UsageError('The agent does not know where its page is. Say it: --url https://toru.example.com');
  return edgeAddress(page);
}

/** One line of a file or of standard input, or what is typed. It never stands on the command line. @throws UsageError */
async function passwordOf(user: string, edge: EdgeLocation, file: string | undefined, io: Io): Promise<string> {
  const password =
    file !== undefined
      ? ((await readSecret('--password-file', file, io)).split(/\r?\n/, 1)[0] ?? '')
      : io.keyboard !== null
        ? await askHidden(`Password of ${user} at ${edge.origin}: `, io.keyboard, io.err)
        : null;
  if (password === null)
    throw new UsageError('Where nobody can be asked, a file has the password: --password-file FILE, or - for standard input.');
  if (password === '') throw new UsageError('The password is empty.');
  return password;
}
