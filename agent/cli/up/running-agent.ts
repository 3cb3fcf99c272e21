import { membership } from '../../../shared/members.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { StartError } from '../../start-error.ts';
import { ask, connect, good } from '../agent-client.ts';
import type { Io } from '../io.ts';
import { pidOf } from '../service/choose-spec.ts';
import { servicesOf } from '../service/running-service.ts';

/**
 * The agent that already runs with this home, where it is a member at this edge: then there is nothing to do.
 * @returns how it stands, in words. @throws StartError with what to do, where it serves something else.
 */
export async function runningMember(home: string, edge: EdgeLocation, io: Io): Promise<string> {
  const env = { TORU_HOME: home };
  const pid = pidOf(home);
  const found = await Promise.all([
    good(connect(env).system.$get()).then((answer) => answer.json()),
    ask(env, 'GET', '/api/membership').then(async (answer) => membership.parse(await answer.json())),
  ]).catch(() => null);
  if (found === null)
    throw new StartError(
      `Another process${pid === null ? '' : ` (pid ${pid})`} uses ${home}, perhaps another “toru up” that waits. End it, then type the same again.`,
    );
  const [{ edge: link }, standing] = found;
  if (standing.kind === 'member' && link?.origin === edge.origin)
    return link.linked ? 'and is linked' : `and is not linked: ${link.problem ?? 'the edge is dialled'}`;
  const what =
    link === null || link === undefined
      ? 'without an edge'
      : link.origin === 'http://localhost'
        ? 'with its own edge'
        : `with ${link.origin}`;
  const service = servicesOf(io.env).find((one) => one.home === home);
  const stop =
    service === undefined
      ? `kill ${pid ?? ''}`.trim()
      : `${service.scope === 'system' ? 'sudo ' : ''}toru service uninstall${service.scope === 'user' ? ' --user' : ''} (the home stays)`;
  throw new StartError(
    `An agent (pid ${pid}) runs here ${what}. Stop it, then type the same again; its runs go on: ${stop}. To keep it as it is, give this one a TORU_HOME of its own.`,
  );
}
