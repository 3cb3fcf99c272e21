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
  const { outEnd } = log.committed.last;
  const complained = log.end > outEnd;
  // Nobody fails to start a script without a word.
  if (code === null || !complained) return null;
  const problem = startProblem(script, path);
  if (problem === null) return null;
  if (problem !== 'gone' && problem.kind === 'mark') return problem.message;
  // What has printed something has run.
  if (code === 0 || outEnd > 0) return null;
  const said = firstWords(log);
  if (problem === 'gone') {
    const ours = (code === 126 || code === 127) && /^(setsid|toru|env|sh): /.test(said) && said.includes(script);
    return ours ? 'The script was gone, or could not be read, when it was to be started.' : null;
  }
  if (problem.kind === 'option') return /option|argument|flag|usage/i.test(said) ? problem.message : null;
  return problem.message;
}

function firstWords(log: Outcome['log']): string {
  return log
    .readSync(0, FIRST_BYTES)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
}
