import { unreachable } from '../../../shared/errors.ts';
import type { RunLog } from '../../logs/run-log.ts';
import { startProblem } from '../../scripts/start-problem.ts';
import type { OutputLeft, RunStatus } from '../wrapper/status.ts';

/** Why a run is stopped before its end. */
export type WhyStopped = 'cancelled' | 'timed_out' | 'output_full';

/** The facts of a run that has ended. */
export interface Outcome {
  why: WhyStopped | null;
  status: Pick<RunStatus, 'exit' | 'core' | 'full' | 'cut'>;
  output: OutputLeft;
  timeout_s: number;
  /** The script's absolute path; null where an earlier agent started it. */
  script: string | null;
  log: Pick<RunLog, 'end' | 'committed' | 'readSync'>;
  /** Where `env` looks for programs, as in PATH. */
  path: string;
}

/** The sentence that a run's row shows beside its code or signal; null when there is nothing to explain. */
export function reasonOf({ why, status, output, timeout_s, script, log, path }: Outcome): string | null {
  if (why === 'timed_out') return `It took longer than its ${timeout_s} seconds, and was stopped.`;
  if (why === null) {
    const code = status.exit?.code ?? null;
    const problem = script === null || code === null ? null : explainStart(script, code, log, path);
    if (problem !== null) return problem;
    if (status.core) return `It crashed (${status.exit?.signal}), and left an image of its memory: a core file.`;
  }
  if (why === 'output_full') return 'It printed more than this host keeps of a run, and was stopped.';
  if (status.full.length > 0) return 'It printed more than this host keeps of a run: the rest of its output is not there.';
  if (status.cut.length > 0) return 'Some of its output may be missing: it could not be written. Was the disk full?';
  if (output === 'torn') return 'Some of what it printed last may be missing: the processes that carry its output were stopped or killed.';
  return output === 'left behind' ? 'It left processes running. What these print after its end is not kept.' : null;
}

/** How much of a script's first words is read. */
const FIRST_BYTES = 500;

/**
 * Why a script could not be started: the words of the programs in between (“not found”, though the file is there) puzzle
 * everyone. Null for a script that ran: its exit code, 127 too, is its own doing.
 */
function explainStart(script: string, code: number, log: Outcome['log'], path: string): string | null {
  const problem = startProblem(script, path);
  if (problem === null) return null;
  if (problem !== 'gone' && problem.kind === 'shell') return problem.message;
  const { outEnd } = log.committed.last;
  // No program fails to start a script without a word, and a script that has printed something has run.
  if (code === 0 || outEnd > 0 || log.end === outEnd) return null;
  const complaint = firstWords(log);
  if (problem === 'gone') {
    const ours = (code === 126 || code === 127) && isStarter(complaint) && complaint.includes(script);
    return ours ? 'The script was gone, or could not be read, when it was to be started.' : null;
  }
  switch (problem.kind) {
    case 'option':
      return /option|argument|flag|usage/i.test(complaint) ? problem.message : null;
    // A script may have become another file while it ran: the starter's own words decide.
    case 'interpreter':
      return isStarter(complaint) ? problem.message : null;
    // A shell takes the file for its own language, and complains about what it stumbles over.
    case 'machine':
    case 'shell':
      return problem.message;
    default:
      return unreachable(problem.kind);
  }
}

/** Is the complaint from one of the programs between the host and the script: `env: …`, `/usr/bin/env: …`, `toru: …`? */
function isStarter(complaint: string): boolean {
  return /^(\S*\/)?(setsid|toru|env|sh|dash|bash|busybox): /.test(complaint);
}

function firstWords(log: Outcome['log']): string {
  return log
    .readSync(0, FIRST_BYTES)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
}
