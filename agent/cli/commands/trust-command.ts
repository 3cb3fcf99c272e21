import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { parse } from '../command.ts';
import { print, UsageError } from '../io.ts';
import { plain } from '../terminal-filter.ts';

/** toru trust */
export const trust: Command = {
  summary: 'On a member: believe the home host that was recovered',
  help: `Usage: toru trust WORDS

On a member whose home host was lost and recovered on another machine (toru up URL --recover). WORDS are the
four that “toru hosts” shows on the new home host for this one; this host computes them from both keys by
itself. Until then it serves as while its home host is away, since nothing else tells a recovery from a theft.

  toru trust one two three four
`,
  run: async (args, io) => {
    const words = parse(args, {}).positionals.flatMap((text) => text.split(/\s+/).filter((word) => word !== ''));
    if (words.length !== 4) throw new UsageError('Four words are expected, as “toru hosts” shows them on the new home host.');
    const membership = await (await good(connect(io.env).membership.trust.$post({ json: { words } }))).json();
    const home = membership.kind === 'member' ? plain(membership.home.name) : 'it';
    await print(io, `This host follows ${home} from now on, as its home host.`);
    return 0;
  },
};
