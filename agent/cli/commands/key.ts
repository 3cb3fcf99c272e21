import { join } from 'node:path';
import { toBase64Url } from '../../../shared/encoding.ts';
import { VERSION } from '../../../shared/version.ts';
import { Audit } from '../../audit/audit.ts';
import { loadConfig } from '../../config.ts';
import { loadIdentity } from '../../link/identity.ts';
import { lockHome } from '../../lock.ts';
import { Settings } from '../../settings/settings.ts';
import { StartError } from '../../start-error.ts';
import { openDatabase } from '../../store/database.ts';
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
    const { home, scripts_dir } = loadConfig(io.env);
    const lock = lockUnlessRunning(home);
    const db = openDatabase(join(home, 'toru.db'));
    try {
      const { publicKey } = loadIdentity(home);
      const settings = new Settings(db, new Audit(db, { error: () => undefined }), { home, scripts_dir, version: VERSION });
      await print(io, `${settings.instance_id}:${toBase64Url(publicKey)}`);
      return 0;
    } finally {
      db.close();
      lock?.release();
    }
  },
};

/** A first start makes id and key, so two at once must not: but beside an agent that runs, both are there. */
function lockUnlessRunning(home: string): { release(): void } | null {
  try {
    return lockHome(home);
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
