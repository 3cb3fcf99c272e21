import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { checkFixedVariables } from '../../shared/fixed-variables.ts';
import { TERMINAL_SOCKET } from '../../shared/own-terminal.ts';
import { isProgram } from '../process/programs.ts';
import { TTY_ENVIRONMENT } from '../pty/tty-run.ts';
import { baseEnvironment } from '../runs/life/environment.ts';
import type { TerminalRow } from './terminal-store.ts';
import type { TerminalTokens } from './terminal-tokens.ts';

/** How a terminal's program is started. */
export interface Launch {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

interface Options {
  /** TORU_HOME */
  home: string;
  /** The agent's environment, of which terminals get the allowed part: never the agent's secrets. */
  environment: Readonly<Record<string, string | undefined>>;
  env_allow: readonly string[];
  tokens: Pick<TerminalTokens, 'of'>;
}

/** What a terminal's program gets of this host, without what was given to that terminal. */
export function terminalEnvironment({ home, environment, env_allow }: Omit<Options, 'tokens'>): Record<string, string> {
  return { ...baseEnvironment(environment, env_allow), ...TTY_ENVIRONMENT, TORU_SOCKET: join(home, TERMINAL_SOCKET) };
}

/** @throws ToruError bad_request for a folder, shell or variable that can't be. */
export function launchOf(row: Pick<TerminalRow, 'id' | 'cwd' | 'command' | 'shell' | 'env'>, options: Options): Launch {
  const { id, cwd, command, shell, env } = row;
  const base = terminalEnvironment(options);
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) throw wrong('cwd', `${cwd} is no folder`);
  const [problem] = checkFixedVariables(env, []);
  if (problem !== undefined) throw wrong('env', problem);
  if (command === null && !isProgram(shell)) throw wrong('shell', `${shell} is no program that can be started`);
  const [file = shell, ...args] = command ?? [shell, '-l'];
  return {
    file,
    args,
    env: { ...base, SHELL: shell, ...env, PWD: cwd, TORU_TERMINAL_ID: id, TORU_TERMINAL_TOKEN: options.tokens.of(id) },
    cwd,
  };
}

function wrong(field: string, message: string): ToruError {
  return new ToruError('bad_request', `“${field}”: ${message}.`, { extra: { field } });
}
