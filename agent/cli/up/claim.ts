import { setInConfigFile } from '../../config-edit.ts';
import { claimEdge } from '../../hosts/claim.ts';
import { StartError } from '../../start-error.ts';
import type { FirstAdmin } from '../../users/first-admin.ts';
import { ensureAdmin } from '../../users/first-admin.ts';
import { Grants } from '../../users/grants.ts';
import { Passwords } from '../../users/passwords.ts';
import { Users } from '../../users/users.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { askHidden } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';
import type { Candidate, Outcome, Wanted } from './candidate.ts';

/**
 * At a fresh edge: this host becomes its home host, by the setup code that “toru deploy” printed. Prints the recovery code, and on a new
 * home the first admin's password, once. @throws ToruError, StartError, UsageError: nothing was changed, and a wrong code costs one try of five a minute.
 */
export async function claim(host: Candidate & { name: string }, { edge, setupCode }: Wanted, io: Io): Promise<Outcome> {
  const { config, db, settings, audit, identity, membership } = host;
  if (membership.home !== null)
    throw new StartError(
      `${edge.origin} is a fresh edge, and wants a host of its own; this one is a member of ${plain(membership.home.name)}. Give it another TORU_HOME.`,
    );
  const code = setupCode ?? (await askCode(edge.origin, io));
  const undo = setInConfigFile(config.home, 'TORU_EDGE_URL', edge.url);
  let recovery: string;
  try {
    recovery = (await claimEdge(edge.url, identity, { id: host.id, name: host.name }, code)).recovery_code;
  } catch (error) {
    undo();
    throw error;
  }
  if (host.name !== settings.host_name) settings.set({ host_name: host.name });
  const grants = new Grants(db, identity, settings);
  const passwords = new Passwords();
  const first = await ensureAdmin(config, { users: new Users(db, passwords, grants, audit), passwords, settings, audit });
  await print(io, `\nThis host is the home host of ${edge.origin} now.\n`);
  await print(io, `  Recovery code  ${recovery}   (shown this once: keep it where this machine’s loss does not reach)`);
  await printAdmin(first, io);
  return 'paired';
}

/** The admin that a new home begins with. */
export async function printAdmin(first: FirstAdmin | null, io: Io): Promise<void> {
  if (first !== null) {
    await print(io, `  Username       ${first.username}`);
    const password = first.generated_password;
    await print(io, `  Password       ${password === null ? 'the ADMIN_PASSWORD that you set' : `${password}   (shown this once)`}`);
    await print(io, '  On a phone     scan the code that “toru login-link” shows, and type no password');
  }
  await print(io, '');
}

async function askCode(origin: string, io: Io): Promise<string> {
  if (io.keyboard === null)
    throw new UsageError(
      `${origin} is a fresh edge. Its first host needs the setup code that “toru deploy” printed: --setup-code-file FILE`,
    );
  return askHidden(`${origin} is a fresh edge. Its setup code, which “toru deploy” printed: `, io.keyboard, io.err);
}
