import { ToruError } from '../../../shared/errors.ts';
import { membership as membershipShape } from '../../../shared/members.ts';
import type { PairTokenAnswer } from '../../../shared/pairing.ts';
import type { Config } from '../../config.ts';
import { loadConfig } from '../../config.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { IN_CLEAR, isInClear } from '../../config-edge.ts';
import { countOwnUsers } from '../../hosts/apply-directory.ts';
import { HostFacts } from '../../hosts/facts.ts';
import { Membership } from '../../hosts/membership.ts';
import { lockHome } from '../../lock.ts';
import { StartError } from '../../start-error.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { openHome } from '../opened-home.ts';
import { askKey } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';
import type { Invite } from './ask-to-pair.ts';
import { askToPair, waitForApproval, withdraw } from './ask-to-pair.ts';
import type { Candidate, Outcome, Wanted } from './candidate.ts';
import { claim } from './claim.ts';
import { joinHome } from './join-home.ts';
import { isForgotten } from './own-standing.ts';
import { recover } from './recover.ts';
import { runningMember } from './running-agent.ts';
import { showRequest } from './show-request.ts';

/**
 * Makes the host of this TORU_HOME a member at this edge, where it is none yet. The home is held meanwhile; whatever ends it early changes
 * nothing but that a new home has a key and an id. @throws StartError, ToruError, UsageError.
 */
export async function up(wanted: Wanted, io: Io): Promise<Outcome> {
  const config = loadConfig(io.env);
  checkEnvironment(config, wanted.edge, io);
  const lock = lockOrNull(config.home);
  if (lock === null) {
    if (wanted.recovery !== null)
      throw new StartError(
        `An agent runs with ${config.home}. The home host is recovered into a home of its own: toru restore FILE into an empty TORU_HOME, on a machine that is none of its members; or, where that was done here, stop the agent first.`,
      );
    await print(
      io,
      `The agent of ${config.home} runs already, as a member at ${wanted.edge.origin}, ${await runningMember(config.home, wanted.edge, io)}.`,
    );
    return 'running';
  }
  try {
    const opened = openHome(config);
    try {
      const { settings, identity, db } = opened;
      const id = settings.instance_id;
      const membership = new Membership(new HostFacts(db), identity, id);
      return await pairWhereNeeded({ ...opened, config, id, membership }, wanted, io);
    } finally {
      opened.db.close();
    }
  } finally {
    lock.release();
  }
}

async function pairWhereNeeded(host: Candidate, wanted: Wanted, io: Io): Promise<Outcome> {
  const { edge } = wanted;
  if (isInClear(edge.url)) await note(io, `${edge.origin}: ${IN_CLEAR}`);
  const isMember = wanted.recovery === null && host.membership.home !== null && host.config.edge?.origin === edge.origin;
  if (isMember && !(await mustPairAgain(host, edge, io))) return 'member';
  try {
    return await pair(host, wanted, isMember, io);
  } catch (error) {
    if (!io.interrupted.aborted) throw error;
    await note(io, 'stopped; nothing was changed.');
    return 'stopped';
  }
}

async function pair(host: Candidate, wanted: Wanted, isMember: boolean, io: Io): Promise<Outcome> {
  const { edge, invite } = wanted;
  const asker = { id: host.id, name: wanted.name ?? host.settings.host_name, identity: host.identity };
  if (wanted.recovery !== null) return recover({ ...host, name: asker.name }, wanted, io);
  const pending = await askOrClaim(edge, asker, invite, io.interrupted);
  if (pending === null) return claim({ ...host, name: asker.name }, wanted, io);
  let signed: PairTokenAnswer;
  try {
    if (!isMember && !(await agreesToLeave(host, wanted, io))) {
      await withdraw(edge, pending);
      await note(io, 'nothing was changed.');
      return 'stopped';
    }
    if (invite === null) await showRequest(io, edge, pending);
    const trouble = (message: string): void => void note(io, `${message} It keeps trying.`).catch(() => undefined);
    signed = await waitForApproval(edge, pending, trouble, io.interrupted);
  } catch (error) {
    if (error instanceof UsageError || io.interrupted.aborted) await withdraw(edge, pending);
    throw error;
  }
  const joined = joinHome({ ...host, home: host.config.home }, edge, pending, signed);
  await print(io, `Paired: this host is “${plain(joined.name)}” now, a member of the installation of ${plain(joined.home)}.`);
  return 'paired';
}

/** Null at a fresh edge, which has no host that could let this one in. */
async function askOrClaim(edge: EdgeLocation, asker: Parameters<typeof askToPair>[1], invite: Invite | null, signal: AbortSignal) {
  try {
    return await askToPair(edge, asker, invite, signal);
  } catch (error) {
    if (error instanceof ToruError && error.code === 'unclaimed' && invite === null) return null;
    throw error;
  }
}

/** Is this member one no longer, as the home host or the edge says? */
async function mustPairAgain(host: Candidate, edge: EdgeLocation, io: Io): Promise<boolean> {
  const shown = membershipShape.parse(host.membership.shown(0));
  if (shown.kind === 'member' && shown.revoked) {
    await note(io, `${shown.home.name}, its home host, took this host out of its installation. It asks to be let in again.`);
    return true;
  }
  const self = { home: host.config.home, id: host.id, name: host.settings.host_name, identity: host.identity };
  if (!(await isForgotten(self, edge, io.interrupted))) return false;
  await note(io, `${edge.origin} no longer knows this host. It asks to be let in again.`);
  return true;
}

/** What a pairing would take from this host is said first. @throws UsageError where nobody can be asked. */
async function agreesToLeave({ membership, config, db }: Candidate, { edge, yes }: Wanted, io: Io): Promise<boolean> {
  const losses: string[] = [];
  const elsewhere = config.edge !== null && config.edge.origin !== edge.origin ? ` at ${config.edge.origin}` : '';
  if (membership.home !== null)
    losses.push(`It is a member of the installation of ${plain(membership.home.name)}${elsewhere}, and leaves that.`);
  else if (elsewhere !== '') losses.push(`It is linked to the edge${elsewhere}, and leaves that.`);
  const users = countOwnUsers(db);
  if (users > 0) losses.push(`It has ${users} ${users === 1 ? 'user' : 'users'} of its own; the users of the home host take their place.`);
  if (losses.length === 0 || yes) return true;
  const question = `This host becomes a member at ${edge.origin}. ${losses.join(' ')} Its scripts, actions and history stay.`;
  if (io.keyboard === null) throw new UsageError(`${question} Where nobody can be asked, say so: --yes`);
  await print(io, question);
  return (await askKey('Go on? [y/N] ', 'yn', io.keyboard, io.out)) === 'y';
}

/** The environment wins over config.toml: the agent that starts next would go elsewhere. @throws StartError */
function checkEnvironment(config: Config, edge: EdgeLocation, io: Io): void {
  if ((io.env['TORU_EDGE_URL'] ?? '') !== '' && config.edge?.origin !== edge.origin)
    throw new StartError(`TORU_EDGE_URL says ${config.edge?.origin}, and wins over what “toru up” writes. Unset it, or type that address.`);
  if (config.edge?.key !== undefined && config.edge.origin !== edge.origin)
    throw new StartError(
      `TORU_EDGE_KEY (edge_key in config.toml) is the key of ${config.edge.origin}. Remove it, then type the same again.`,
    );
}

function lockOrNull(home: string): ReturnType<typeof lockHome> | null {
  try {
    return lockHome(home);
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
