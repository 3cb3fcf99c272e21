import { ZodError } from 'zod';
import { closest } from '../../shared/closest.ts';
import { ToruError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { audit } from './commands/audit-command.ts';
import { cancel } from './commands/cancel.ts';
import { deploy } from './commands/deploy-command.ts';
import { doctor } from './commands/doctor.ts';
import { home } from './commands/home-command.ts';
import { hook } from './commands/hook-command.ts';
import { hosts } from './commands/hosts-command.ts';
import { job, jobs, rerun, tasks, trigger } from './commands/jobs-command.ts';
import { key } from './commands/key.ts';
import { actions, runs, scripts } from './commands/lists.ts';
import { loginLink } from './commands/login-link-command.ts';
import { logs } from './commands/logs-command.ts';
import { note as noteRun } from './commands/note.ts';
import { orchestrator } from './commands/orchestrator-command.ts';
import { exec, notify } from './commands/own-terminal-commands.ts';
import { passwd } from './commands/passwd.ts';
import { plugin } from './commands/plugin-command.ts';
import { run } from './commands/run.ts';
import { schedule } from './commands/schedule-command.ts';
import { search } from './commands/search-command.ts';
import { secret } from './commands/secret-command.ts';
import { service } from './commands/service-command.ts';
import { restore, snapshot } from './commands/snapshot-command.ts';
import { agent, start } from './commands/start-command.ts';
import { status } from './commands/status-command.ts';
import { terminal } from './commands/terminal-command.ts';
import { triggers } from './commands/triggers-command.ts';
import { trust } from './commands/trust-command.ts';
import { up } from './commands/up-command.ts';
import { uninstall, update } from './commands/update-command.ts';
import { validate } from './commands/validate-command.ts';
import { workspace } from './commands/workspace-command.ts';
import { worktree } from './commands/worktree-command.ts';
import type { Io } from './io.ts';
import { ClosedPipe, describeError, note, OUR_FAILURE, print, UsageError } from './io.ts';

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    start,
    agent,
    up,
    deploy,
    service,
    hosts,
    home,
    trust,
    status,
    actions,
    scripts,
    run,
    runs,
    logs,
    search,
    note: noteRun,
    cancel,
    workspace,
    worktree,
    tasks,
    trigger,
    triggers,
    schedule,
    jobs,
    job,
    rerun,
    terminal,
    notify,
    exec,
    hook,
    orchestrator,
    audit,
    passwd,
    'login-link': loginLink,
    key,
    secret,
    validate,
    plugin,
    snapshot,
    restore,
    doctor,
    update,
    uninstall,
  }),
);

/**
 * The command `toru`. Never throws.
 * @param args what was typed after it.
 * @returns the exit code: the script's own where one is followed, 125 for a failure of ours.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof ClosedPipe) return 0;
    // Nothing more can be said when standard error is gone as well.
    await note(io, messageOf(error)).catch(() => undefined);
    if (error instanceof UsageError)
      await note(io, `see: toru ${COMMANDS.has(args[0] ?? '') ? `${args[0]} ` : ''}--help`).catch(() => undefined);
    return OUR_FAILURE;
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === '--version' || name === '-V') {
    await print(io, VERSION);
    return 0;
  }
  const asksHelp = name === undefined || name === 'help' || name === '--help' || name === '-h';
  const command = COMMANDS.get((name === 'help' ? rest[0] : name) ?? '');
  if (command === undefined) {
    if (!asksHelp) {
      const near = closest(name ?? '', COMMANDS.keys());
      throw new UsageError(`“${name}” is not a command.${near === null ? '' : ` Did you mean “${near}”?`}`);
    }
    await io.out.write(overview());
    return name === undefined ? OUR_FAILURE : 0;
  }
  if (asksHelp || wantsHelp(rest)) {
    await io.out.write(command.help);
    return 0;
  }
  return command.run(rest, io);
}

/** The arguments after `--` belong to the script. */
function wantsHelp(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('--help') || own.includes('-h');
}

function overview(): string {
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`);
  return `Usage: toru COMMAND

Runs the scripts on your machine from anywhere, without opening a port.

${lines.join('\n')}

toru COMMAND --help tells more of each. The agent is found by TORU_HOME, else at ~/.toru, else where it runs.
`;
}

function messageOf(error: unknown): string {
  if (error instanceof ToruError) return describeError(error);
  if (error instanceof UsageError || error instanceof StartError) return error.message;
  // An answer that this command does not understand: never the schema's own words.
  if (error instanceof ZodError) return 'the agent’s answer is not as this command expects it: are both of one version? (see: toru doctor)';
  return error instanceof Error ? `something went wrong: ${error.message}` : 'something went wrong';
}
