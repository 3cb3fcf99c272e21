import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { UsageError } from './io.ts';
import { membershipOf } from './membership-words.ts';

/**
 * Is anything but the agent of this machine meant? Another host decides by itself who may run something there, by the session of a user at
 * the edge; this one is asked at its socket.
 * @param given names or ids of hosts with commas between, or all of the installation's; the address of an edge.
 * @throws UsageError for both, and for what belongs to other hosts where none is meant.
 */
export async function isElsewhere(client: Client, given: { host?: string; all?: boolean; url?: string; queue?: string; user?: string }) {
  const { host, all = false, url } = given;
  if (host !== undefined && all) throw new UsageError('--host or --all, not both.');
  if (host === undefined && !all) {
    if (url === undefined && given.queue === undefined && given.user === undefined) return false;
    throw new UsageError('On which hosts? Say it: --host NAME,NAME or --all');
  }
  if (url !== undefined) return true;
  if (all) {
    const membership = await membershipOf(client);
    return membership?.kind === 'member' || (membership?.members ?? 0) > 0;
  }
  const { host_name, instance_id } = await (await good(client.settings.$get())).json();
  const here = [host_name.toLowerCase(), instance_id];
  const named = (host ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return named.some((name) => !here.includes(name.toLowerCase()));
}
