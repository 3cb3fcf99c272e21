import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ToruError } from '../../../shared/errors.ts';
import { packageRoot } from '../../system/package-root.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';

/** toru start */
export const start: Command = {
  summary: 'Start Toru on this machine: page, edge and agent',
  help: `Usage: toru start

Starts everything on this machine, prints the address and, on the first start, the admin's
password. Stops at Ctrl-C; runs go on. STEERING_HOST, STEERING_PORT, TORU_HOME and the like
are read from the environment, or from TORU_HOME/config.toml.

  toru start
  STEERING_HOST=0.0.0.0 STEERING_PORT=8080 toru start
`,
  run: (args) => {
    noWords(parse(args, {}).positionals);
    return load('dist/embedded/start.js');
  },
};

/** toru agent */
export const agent: Command = {
  summary: 'Start the agent alone, for an edge elsewhere',
  help: `Usage: toru agent

Starts only the agent, which dials the edge at TORU_EDGE_URL (or edge_url in TORU_HOME/config.toml).
Without one it answers at its local socket alone.

  TORU_EDGE_URL=https://toru.example.workers.dev toru agent
`,
  run: (args) => {
    noWords(parse(args, {}).positionals);
    return runAgent();
  },
};

/** The agent, in this process. */
export function runAgent(): Promise<number> {
  return load('dist/agent/main.js');
}

/** Runs a program of ours in this process: it takes the signals, and ends the process itself. */
async function load(program: string): Promise<number> {
  const file = join(packageRoot(), program);
  if (!existsSync(file)) throw new ToruError('not_found', `${file} is missing. Build it: npm run build`);
  // The program shall not read our command line as its own.
  process.argv.splice(1, process.argv.length, file);
  await import(pathToFileURL(file).href);
  return new Promise(() => undefined);
}
