import { closeInherited } from '../inherited.ts';
import { runInTerminal } from '../pty/tty-run-program.ts';

/** Between the carrier of a run and its script, where the script has a terminal (agent/pty/tty-run.ts starts it). */
closeInherited();
runInTerminal(process.argv.slice(2));
