import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { homeOf } from '../home-of.ts';
import type { Io } from '../io.ts';
import { note, UsageError } from '../io.ts';
import { bytes } from '../plain-text.ts';

/** toru snapshot */
export const snapshot: Command = {
  summary: 'Save the history, users, actions and all output into one file',
  help: `Usage: toru snapshot FILE|-

Writes the database and the output of all ended runs into FILE, a .tar.gz that only you can read,
or to standard output. The agent may run meanwhile. Left out: this host’s key, everyone’s sessions,
config.toml, and the scripts themselves. It holds password hashes: keep it as you keep those.
See: toru restore

  toru snapshot /backup/toru-$(date +%F).tar.gz
  toru snapshot - | ssh backup 'cat > toru.tar.gz'
`,
  run: async (args, io) => {
    const file = oneWord(parse(args, {}).positionals, 'The name of the file to write, or - for standard output,');
    if (file === '-' && io.out.isTTY) throw new UsageError('An archive is no text for a terminal: write it into a pipe or a file.');
    const { takeSnapshot, writeSnapshot } = await import('../../snapshot/snapshot.ts');
    const home = homeOf(io.env);
    const options = { signal: io.interrupted, progress: progressOn(io) };
    try {
      const { runs, bytes: size } =
        file === '-' ? await writeSnapshot(home, (piece) => io.out.write(piece), options) : await takeSnapshot(home, file, options);
      await note(io, `${file === '-' ? '' : `${file}: `}${runs} ${runs === 1 ? 'run' : 'runs'}, ${bytes(size)}`);
      return 0;
    } catch (error) {
      if (!io.interrupted.aborted) throw error;
      await note(io, 'interrupted; no snapshot was taken');
      return 130;
    }
  },
};

/** A line that is written over, four times a second at most; only for a terminal. */
function progressOn(io: Io): (runs: number, of: number) => void {
  let next = 0;
  return (runs, of) => {
    const now = Date.now();
    if (!io.err.isTTY || (now < next && runs < of)) return;
    next = now + 250;
    void io.err.write(`\r${runs} of ${of} runs${runs === of ? '\r\u001b[K' : ''}`).catch(() => undefined);
  };
}

/** toru restore */
export const restore: Command = {
  summary: 'Fill an empty TORU_HOME from a snapshot',
  help: `Usage: toru restore FILE

Restores what “toru snapshot” saved into TORU_HOME (default ~/.toru), which must be empty, with no
agent running there. Everyone has to log in again, and this host gets a new key: an edge elsewhere
must be told (toru key), or, in the place of a home host that was lost: toru up URL --recover. Runs that
were under way count as interrupted; nothing is started.

  TORU_HOME=/srv/toru toru restore /backup/toru-2026-11-29.tar.gz
`,
  run: async (args, io) => {
    const file = oneWord(parse(args, {}).positionals, 'The snapshot’s file');
    const { restoreSnapshot } = await import('../../snapshot/restore.ts');
    const home = homeOf(io.env);
    const { about, runs } = await restoreSnapshot(home, file);
    await note(
      io,
      `${home} is as it was at ${about.created_at}, with the output of ${runs} ${runs === 1 ? 'run' : 'runs'}. Start it: toru start. In the place of a home host that was lost, at an edge elsewhere: toru up URL --recover`,
    );
    return 0;
  },
};
