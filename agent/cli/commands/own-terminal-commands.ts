import * as z from 'zod';
import { execAnswer } from '../../../shared/terminals.ts';
import { askOfTerminal } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { oneWord, parse } from '../command.ts';
import { UsageError } from '../io.ts';
import { shownExec } from './shown-exec.ts';

/** toru notify */
export const notify: Command = {
  summary: 'Inside a terminal: tell people something',
  help: `Usage: toru notify TEXT

For programs inside a terminal of Toru. Devices that are told of terminals (Account, Notifications) get TEXT, and so do the host’s own
addresses; the terminal wants attention until somebody looks.

  make test && toru notify "the tests passed"
`,
  run: async (args, io) => {
    const { positionals } = parse(args, {});
    await askOfTerminal(io.env, 'notify', { text: oneWord(positionals, 'The text') });
    return 0;
  },
};

const seconds = z.coerce.number().int();

/** toru exec */
export const exec: Command = {
  summary: 'Inside a terminal: run a program beside what runs in it',
  help: `Usage: toru exec [--timeout S] [--json] -- PROGRAM ARG…

For programs inside a terminal of Toru: PROGRAM runs on the host, in the terminal’s folder and environment, and ends with it. Its output
comes back, its code is ours, and the audit has it. Nothing is typed into the terminal.

  toru exec -- git status --short
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { timeout: { type: 'string' }, json: { type: 'boolean' } });
    if (positionals.length === 0) throw new UsageError('The program is missing: toru exec -- PROGRAM ARG…');
    const timeout = values.timeout === undefined ? null : seconds.safeParse(values.timeout);
    if (timeout?.success === false) throw new UsageError('--timeout is a number of seconds.');
    const answer = await askOfTerminal(io.env, 'exec', { argv: positionals, ...(timeout === null ? {} : { timeout_s: timeout.data }) });
    return shownExec(execAnswer.parse(await answer.json()), values.json === true, io);
  },
};
