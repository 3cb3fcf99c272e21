import { closeInherited } from '../inherited.ts';

/** Between the carrier of a run and its script, where the script has a terminal (agent/pty/tty-run.ts starts it). */
closeInherited();
try {
  const { runInTerminal } = await import('../pty/tty-run-program.ts');
  runInTerminal(process.argv.slice(2));
} catch (error) {
  const missing = error instanceof Error && /node-pty/.test(error.message);
  const why = missing ? 'the optional package @lydell/node-pty is not here, or not for this system (see: toru doctor)' : String(error);
  process.stderr.write(`toru: the script could not get a terminal: ${why}\n`);
  process.exitCode = 126;
}
