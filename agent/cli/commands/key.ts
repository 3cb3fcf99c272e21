import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import { print } from '../io.ts';

/** toru key */
export const key: Command = {
  summary: 'Print this host’s public key, for an edge elsewhere',
  help: `Usage: toru key

Prints <host id>:<public key>, which an edge on Cloudflare has to know before this host may dial in:
npx wrangler secret put HOST_KEYS. Nothing in it is secret. Makes the key on a host that never started.
`,
  run: async (args, io) => {
    noWords(parse(args, {}).positionals);
    // The database's native code is loaded by this command alone: the others shall start at once, on any Node.
    const { hostKey } = await import('../host-key.ts');
    await print(io, hostKey(io.env));
    return 0;
  },
};
