import { unreachable } from '../../shared/errors.ts';
import type { RunLog } from '../logs/run-log.ts';
import { startProblem } from '../scripts/start-problem.ts';

/** What a run left that never came to its script. */
export interface Outcome {
  /** Absolute, as it was started. */
  script: string;
  code: number | null;
  /** What it printed. */
  log: Pick<RunLog, 'end' | 'committed' | 'readSync'>;
  /** Where `env` looks for programs. */
  path: string;
}

/** So much of its first words is looked at. */
const FIRST_BYTES = 500;

/**
 * Why a script could not be started: the words of the programs in between (“not found”, though the file is there) puzzle
 * everyone. Null for a script that ran: its exit code, 127 too, is its own doing.
 */
export function explainExit({ script, code, log, path }: Outcome): string | null {
  if (code === null) return null;
  const problem = startProblem(script, path);
  if (problem === null) return null;
  if (problem !== 'gone' && problem.kind === 'shell') return problem.message;
  const { outEnd } = log.committed.last;
  // Nobody fails to start a script without a word, and what has printed something has run.
  if (code === 0 || outEnd > 0 || log.end === outEnd) return null;
  const complaint = firstWords(log);
  if (problem === 'gone') {
    const ours = (code === 126 || code === 127) && isStarter(complaint) && complaint.includes(script);
    return ours ? 'The script was gone, or could not be read, when it was to be started.' : null;
  }
  switch (problem.kind) {
    case 'option':
      return /option|argument|flag|usage/i.test(complaint) ? problem.message : null;
    // A script may have become another file while it ran: it is the starter's word that counts.
    case 'interpreter':
      return isStarter(complaint) ? problem.message : null;
    // A shell takes it for its own language, and says what it stumbles over.
    case 'machine':
    case 'shell':
      return problem.message;
    default:
      return unreachable(problem.kind);
  }
}

/** Is it from one of the programs between the host and the script: `env: …`, `/usr/bin/env: …`, `toru: …`? */
function isStarter(complaint: string): boolean {
  return /^(\S*\/)?(setsid|toru|env|sh|dash|bash|busybox): /.test(complaint);
}

function firstWords(log: Outcome['log']): string {
  return log
    .readSync(0, FIRST_BYTES)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
}
