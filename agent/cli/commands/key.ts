import { ToruError } from '../../../shared/errors.ts';
import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { membershipOf } from '../membership-words.ts';
import type { Rotated } from '../show-host-key.ts';
import { plain } from '../terminal-filter.ts';

/** toru key */
export const key: Command = {
  summary: 'Print this host’s public key, for an edge elsewhere',
  help: `Usage: toru key [rotate | unpin]

Prints <host id>:<public key>, which an edge on Cloudflare has to know before this host may dial in:
npx wrangler secret put HOST_KEYS. Nothing in it is secret. Makes the key on a host that never started.
Beside it, on standard error: the key of the edge that this host has pinned at its first link, and insists on since.

  rotate  Replace this host's key, which may have been stolen: nothing that the old one signs counts any more, and everyone is
          signed out. The edge and members follow a home host to its new key; only an edge that was told its hosts by HOST_KEYS
          needs what is printed. A member with a new key is paired again: toru up URL.
  unpin   Forget the edge's key, after you made the edge again or went back to an older one. The next link pins the key that
          it finds.

Examples:
  toru key | npx wrangler secret put HOST_KEYS
  toru key rotate
  toru key unpin
`,
  run: async (args, io) => {
    const [what, ...more] = parse(args, {}).positionals;
    if (more.length > 0 || (what !== undefined && what !== 'unpin' && what !== 'rotate'))
      throw new UsageError(`unexpected “${more[0] ?? what}”`);
    // The database's native code is loaded by this command alone: the others shall start at once, on any Node.
    const { hostKey, rotateKey, edgeKeys, forgetEdgeKeys, edgeAddress } = await import('../show-host-key.ts');
    if (what === 'unpin') {
      const forgotten = Object.keys(forgetEdgeKeys(io.env));
      await print(io, forgotten.length === 0 ? 'No edge’s key was pinned.' : `Forgotten: the key of ${forgotten.join(', ')}.`);
      return 0;
    }
    if (what === 'rotate') {
      const { binding, left } = (await rotatedByAgent(io)) ?? rotateKey(io.env);
      await print(io, binding);
      await note(
        io,
        left === null
          ? 'everyone is signed out. Edge and members follow by themselves; only an edge that was told its hosts by a secret needs the line above: npx wrangler secret put HOST_KEYS'
          : `everyone is signed out here, and this host is a member of the installation of ${plain(left)} no longer. Pair it again: toru up ${edgeAddress(io.env) ?? 'URL'}`,
      );
      return 0;
    }
    await print(io, hostKey(io.env));
    for (const [origin, pinned] of Object.entries(edgeKeys(io.env))) await note(io, `${origin} has to prove the key ${pinned}`);
    return 0;
  },
};

/** Null when no agent runs. @throws ToruError */
async function rotatedByAgent(io: Io): Promise<Rotated | null> {
  try {
    const client = connect(io.env);
    const membership = await membershipOf(client);
    const { host_key: binding } = await (await good(client.key.rotate.$post())).json();
    return { binding, left: membership?.kind === 'member' ? membership.home.name : null };
  } catch (error) {
    if (error instanceof ToruError && error.code === 'host_offline') return null;
    throw error;
  }
}
