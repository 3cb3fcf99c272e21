import { homeOf } from '../client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { note } from '../io.ts';
import { bytes } from '../table.ts';

/** toru snapshot */
export const snapshot: Command = {
  summary: 'Save the history, users, actions and all output into one file',
  help: `Usage: toru snapshot FILE

Writes the database and the output of all ended runs into FILE, a .tar.gz that only you can read.
The agent may run meanwhile. Left out: this host’s key, everyone’s sessions, config.toml, and the
scripts themselves. FILE holds password hashes: keep it as you keep those. See: toru restore
`,
  run: async (args, io) => {
    const file = oneWord(parse(args, {}).positionals, 'The name of the file to write');
    const { takeSnapshot } = await import('../../snapshot/snapshot.ts');
    const { runs, bytes: size } = await takeSnapshot(homeOf(io.env), file);
    await note(io, `${file}: ${runs} ${runs === 1 ? 'run' : 'runs'}, ${bytes(size)}`);
    return 0;
  },
};

/** toru restore */
export const restore: Command = {
  summary: 'Fill an empty TORU_HOME from a snapshot',
  help: `Usage: toru restore FILE

Restores what “toru snapshot” saved into TORU_HOME (default ~/.toru), which must be empty, with no
agent running there. Everyone has to log in again, and this host gets a new key: an edge elsewhere
must be told (toru key). Runs that were under way count as interrupted; nothing is started.
`,
  run: async (args, io) => {
    const file = oneWord(parse(args, {}).positionals, 'The snapshot’s file');
    const { restoreSnapshot } = await import('../../snapshot/restore.ts');
    const home = homeOf(io.env);
    const { about, runs } = await restoreSnapshot(home, file);
    await note(
      io,
      `${home} is as it was at ${about.created_at}, with the output of ${runs} ${runs === 1 ? 'run' : 'runs'}. Start it: toru start`,
    );
    return 0;
  },
};
