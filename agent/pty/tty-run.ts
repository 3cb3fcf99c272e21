import { join } from 'node:path';
import * as z from 'zod';
import { runSize } from '../../shared/terminal-size.ts';
import { packageRoot } from '../system/package-root.ts';

/**
 * A run in a terminal: between what carries the run and its script stands a small program of Node, which has the pty. It is the
 * carrier's script: what it prints is the run's output, its end is the run's end, and it outlives the agent as any script does. What a
 * viewer types comes over its standard input, a line of JSON each.
 */

/** The file in a run's folder that names the terminal of its script: `/dev/pts/5`. */
export const TTY_FILE = 'tty';
/** The size that nobody has chosen yet. */
export const TTY_SIZE = { cols: 80, rows: 24 };
/** What every program in a terminal may count on. */
export const TTY_ENVIRONMENT = { TERM: 'xterm-256color', COLORTERM: 'truecolor' };
/** The script's variables stand under other names in the environment of the program: Node obeys some of them. */
export const VARIABLE_PREFIX = 'TTY_';
/** One line holds one frame of input at most, each byte of it escaped. */
export const MAX_TTY_LINE = 1024 * 1024;

export const ttyMessage = z.union([z.object({ data: z.string() }), runSize]);
export type TtyMessage = z.infer<typeof ttyMessage>;

interface Started {
  /** The run's folder, by the name that it has when the script starts. */
  folder: string;
  /** Absolute. */
  script: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
}

/** The same script, in a terminal. TORU_TASK_ID stays: by it the run's processes are found. */
export function inTerminal({ folder, script, args, environment }: Started): Pick<Started, 'script' | 'args' | 'environment'> {
  const sources = import.meta.filename.endsWith('.ts');
  const program = join(packageRoot(), sources ? 'agent/entry/tty-run.ts' : 'dist/agent/tty-run.js');
  const own: Record<string, string> = { MALLOC_ARENA_MAX: '1' };
  for (const [name, value] of Object.entries({ ...environment, ...TTY_ENVIRONMENT })) {
    if (name === 'TORU_TASK_ID') own[name] = value;
    own[`${VARIABLE_PREFIX}${name}`] = value;
  }
  const { cols, rows } = TTY_SIZE;
  const words = ['--max-semi-space-size=1', '--no-warnings', program, folder, String(cols), String(rows), script, ...args];
  return { script: process.execPath, args: words, environment: own };
}
