import { ToruError } from '../../shared/errors.ts';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { membershipOf } from './membership-words.ts';

/**
 * The command talks to the agent of its own machine. Another host decides by itself who may run something there, by the session of a user at
 * the edge, and the command has none: so what is asked of another host is refused here, with the way that there is.
 * @param hosts names or ids with commas between; undefined: none were named. @param all every host of the installation is meant.
 * @throws ToruError where anything but this host is meant.
 */
export async function requireOnlyHere(
  client: Client,
  { host: hosts, all = false }: { host?: string | undefined; all?: boolean | undefined },
) {
  if (hosts === undefined && !all) return;
  const { host_name, instance_id } = await (await good(client.settings.$get())).json();
  const here = [host_name.toLowerCase(), instance_id];
  const named = (hosts ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const others = named.filter((name) => !here.includes(name.toLowerCase()));
  const membership = all ? await membershipOf(client) : null;
  if (membership?.kind === 'member' || (membership?.members ?? 0) > 0) others.push('the other hosts');
  if (others.length === 0) return;
  throw new ToruError(
    'forbidden',
    `This command reaches ${host_name} alone, the host that it is typed on; ${others.join(', ')}: run it on the page, or type toru run there.`,
  );
}
