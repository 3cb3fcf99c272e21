import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { memberNamed } from '../member-named.ts';
import { membershipOf } from '../membership-words.ts';
import { askKey } from '../prompt.ts';
import { plain } from '../terminal-filter.ts';

/** toru home */
export const home: Command = {
  summary: 'Make another host the home host of this installation',
  help: `Usage: toru home move HOST [--yes]

On the home host. HOST, a member that is linked, becomes the home host: users with their passwords, roles, members
and settings of the installation go there, sealed to its key, and this host stays as a member. Scripts, actions, runs and
the audit of each host stay where they are. Everybody logs in again; invites that wait are worth nothing.
HOST is a name or an id; its beginning will do. Typed again after an interruption, it goes on.

  -y, --yes   do not ask

  toru home move nas
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { yes: { type: 'boolean', short: 'y' } } as const);
    const [what, ...words] = positionals;
    if (what !== 'move') throw new UsageError(what === undefined ? 'move HOST is missing.' : `“${what}”: move HOST is expected.`);
    return move(connect(io.env), oneWord(words, 'The host'), values.yes === true, io);
  },
};

async function move(client: Client, named: string, yes: boolean, io: Io): Promise<number> {
  const { id, name, isHome } = await hostNamed(client, named);
  if (!isHome && !yes) {
    if (io.keyboard === null) throw new UsageError('Where nobody can be asked, say so: --yes');
    await print(io, `${plain(name)} becomes the home host: it knows the users and their passwords, and decides from then on.`);
    await print(io, 'This host stays as a member. Everybody logs in again; invites that wait are worth nothing.');
    if ((await askKey('Go on? [y/N] ', 'yn', io.keyboard, io.out)) !== 'y') {
      await note(io, 'nothing was changed.');
      return 1;
    }
  }
  const moved = await (await good(client.home.move.$post({ json: { host: id } }))).json();
  await print(io, `${plain(moved.name)} is the home host now, and this host a member of its installation.`);
  if (!moved.heard)
    await note(io, 'the edge has not heard of it yet: it does as soon as this host is linked (toru status). Leave Toru running here');
  return 0;
}

/** @throws UsageError where it is not a host that it can be moved to. */
async function hostNamed(client: Client, named: string): Promise<{ id: string; name: string; isHome: boolean }> {
  const membership = await membershipOf(client);
  const wanted = named.toLowerCase();
  if (membership?.kind === 'member') {
    const { home: of } = membership;
    // Typed again, or as it was about to be told.
    if (of.host.startsWith(wanted) || of.name.toLowerCase().startsWith(wanted)) return { id: of.host, name: of.name, isHome: true };
    throw new UsageError(`This host is a member. Its home host is moved on ${plain(of.name)}: type it there.`);
  }
  const { host_name, instance_id } = await (await good(client.settings.$get())).json();
  if (wanted === instance_id || wanted === host_name.toLowerCase())
    throw new UsageError(`${plain(host_name)} is this host, and the home host already.`);
  return { ...(await memberNamed(client, named)), isHome: false };
}
