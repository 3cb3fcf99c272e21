import type { Membership } from '../../../shared/members.ts';
import { membership } from '../../../shared/members.ts';
import type { System } from '../../../shared/system.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { StartError } from '../../start-error.ts';
import { ask, connect, good } from '../agent-client.ts';
import type { Io } from '../io.ts';
import { pidOf } from '../service/choose-spec.ts';
import { servicesOf } from '../service/running-service.ts';

/** The agent of a home, as it answers. */
interface Answering {
  edge: System['edge'];
  standing: Membership;
}

async function answering(home: string): Promise<Answering | null> {
  const env = { TORU_HOME: home };
  const found = await Promise.all([
    good(connect(env).system.$get()).then((answer) => answer.json()),
    ask(env, 'GET', '/api/membership').then(async (answer) => membership.parse(await answer.json())),
  ]).catch(() => null);
  return found === null ? null : { edge: found[0].edge, standing: found[1] };
}

/** Is it a member no longer, as its home host or its edge says? Then it is to be paired again. */
function isOut({ edge, standing }: Answering): boolean {
  return standing.kind === 'member' && (standing.revoked || (edge?.linked === false && edge.unknown === true));
}

/** Does an agent run with this home that is a member no longer? */
export async function runsWhileOut(home: string): Promise<boolean> {
  const found = await answering(home);
  return found !== null && isOut(found);
}

/**
 * The agent that already runs with this home, where it is a member at this edge: then there is nothing to do.
 * @returns how it stands, in words. @throws StartError with what to do, where it serves something else, or is a member no longer.
 */
export async function runningMember(home: string, edge: EdgeLocation, io: Io): Promise<string> {
  const pid = pidOf(home);
  const found = await answering(home);
  if (found === null)
    throw new StartError(
      `Another process${pid === null ? '' : ` (pid ${pid})`} uses ${home}, perhaps another “toru up” that waits. End it, then type the same again.`,
    );
  const { edge: link, standing } = found;
  const service = servicesOf(io.env).find((one) => one.home === home);
  if (standing.kind === 'member' && link?.origin === edge.origin) {
    if (!isOut(found)) return link.linked ? 'and is linked' : `and is not linked: ${link.problem ?? 'the edge is dialled'}`;
    const again =
      service === undefined
        ? `Stop it (Ctrl-C, or kill ${pid}; its runs go on), and type the same again.`
        : `Its service does that: ${service.scope === 'system' ? 'sudo ' : ''}toru up ${edge.origin} --service`;
    throw new StartError(`An agent (pid ${pid}) runs here, and is a member at ${edge.origin} no longer. To be let in again: ${again}`);
  }
  const what =
    link === null || link === undefined
      ? 'without an edge'
      : link.origin === 'http://localhost'
        ? 'with its own edge'
        : `with ${link.origin}`;
  const stop =
    service === undefined
      ? `kill ${pid ?? ''}`.trim()
      : `${service.scope === 'system' ? 'sudo ' : ''}toru service uninstall${service.scope === 'user' ? ' --user' : ''} (the home stays)`;
  throw new StartError(
    `An agent (pid ${pid}) runs here ${what}. Stop it, then type the same again; its runs go on: ${stop}. To keep it as it is, give this one a TORU_HOME of its own.`,
  );
}
