import { setInConfigFile } from '../../config-edit.ts';
import { recoverEdge } from '../../hosts/claim.ts';
import { HostFacts } from '../../hosts/facts.ts';
import { Recovery } from '../../hosts/recovery.ts';
import { StartError } from '../../start-error.ts';
import { ownerOfProcess } from '../../users/caller.ts';
import { ensureAdmin } from '../../users/first-admin.ts';
import { Grants } from '../../users/grants.ts';
import { Passwords } from '../../users/passwords.ts';
import { Users } from '../../users/users.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';
import { askHidden, askKey } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';
import { trustLines } from '../trust-lines.ts';
import type { Candidate, Outcome, Wanted } from './candidate.ts';
import { printAdmin } from './claim.ts';

/**
 * In the place of a home host that was lost: this host, which was restored from its snapshot, by the recovery code. Prints the recovery code that counts
 * from then on, and what is typed on the members. @throws ToruError, StartError, UsageError: nothing was changed, and a wrong code costs one try of five a minute.
 */
export async function recover(host: Candidate & { name: string }, { edge, recovery, yes }: Wanted, io: Io): Promise<Outcome> {
  const { config, db, settings, audit, identity, membership } = host;
  if (membership.home !== null || membership.damaged)
    throw new StartError(
      `${config.home} is that of a member${membership.home === null ? '' : ` of the installation of ${plain(membership.home.name)}`}. A home host is recovered from a snapshot of the home host, into an empty TORU_HOME: toru restore FILE`,
    );
  const installation = settings.internal.installation ?? null;
  // A home host that claimed its edge, and was saved before its first link, knows no installation yet; but its users.
  const hasUsers = db.prepare<[], number>('SELECT count(*) FROM users').pluck().get() !== 0;
  if (!hasUsers && !yes) {
    const question = `Nothing was restored into ${config.home} (toru restore FILE): the installation begins without its users, and its members have to be paired again.`;
    if (io.keyboard === null) throw new UsageError(`${question} Where nobody can be asked, say so: --yes`);
    await print(io, question);
    if ((await askKey('Go on? [y/N] ', 'yn', io.keyboard, io.out)) !== 'y') return 'stopped';
  }
  const code = recovery?.code ?? (await askCode(edge.origin, io));
  const kept = new Recovery({ db, facts: new HostFacts(db), identity, settings });
  const next = kept.nextCode();
  const undo = setInConfigFile(config.home, 'TORU_EDGE_URL', edge.url);
  try {
    const to = { id: host.id, name: host.name, installation, next: next.hash };
    kept.begin((await recoverEdge(edge.url, identity, to, code)).installation);
  } catch (error) {
    undo();
    throw error;
  }
  if (host.name !== settings.host_name) settings.set({ host_name: host.name });
  audit.record({ event: 'home.recover', caller: ownerOfProcess(), target: edge.origin, outcome: 'ok' });
  const grants = new Grants(db, identity, settings);
  const passwords = new Passwords();
  const first = await ensureAdmin(config, { users: new Users(db, passwords, grants, audit), passwords, settings, audit });
  await print(io, `\nThis host is the home host of ${edge.origin} now, in the place of the one that was lost.\n`);
  await print(io, `  Recovery code  ${next.code}   (a new one, shown this once: the old one is used up)`);
  await printAdmin(first, io);
  kept.shown();
  const words = await kept.words();
  if (words.length > 0) await print(io, `${trustLines(words).join('\n')}\nThey stand in “toru hosts” as well.\n`);
  if (hasUsers)
    await print(
      io,
      'What was decided after the snapshot is undone: look at the users and their passwords, and at who is a member (toru hosts).\n',
    );
  return 'paired';
}

async function askCode(origin: string, io: Io): Promise<string> {
  if (io.keyboard === null)
    throw new UsageError(
      `The home host of ${origin} is recovered by the code that was printed when it was claimed, or recovered last: --recovery-code-file FILE`,
    );
  return askHidden(`The recovery code of ${origin}, which was printed when it was claimed, or recovered last: `, io.keyboard, io.err);
}
