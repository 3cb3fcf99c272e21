import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { parseJsonOrNull } from '../../../shared/json.ts';
import { writeAtomically } from '../../config-edit.ts';
import { askOfTerminal } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import { hasClaudeHooks, withClaudeHooks, withoutClaudeHooks } from '../hook/claude-hooks.ts';
import { hasCodexNotify, withCodexNotify, withoutCodexNotify } from '../hook/codex-notify.ts';
import type { Io } from '../io.ts';
import { print, UsageError } from '../io.ts';

const HELP = `Usage: toru hook install claude|codex [--file FILE] [--dry-run]
       toru hook remove claude|codex [--file FILE] [--dry-run]
       toru hook list

An agent program in a terminal says by its hooks whether it works, waits, is done or asks for permission; orchestrators and
notifications go by that. What stands in the file already stays; installing twice is as once. Outside of Toru’s terminals the hooks do
nothing.

  claude   Claude Code: hooks in ~/.claude/settings.json (or $CLAUDE_CONFIG_DIR; --file .claude/settings.json: of one project)
  codex    Codex: “notify” in ~/.codex/config.toml (or $CODEX_HOME), which tells that a turn is over. A program that stands there
           already is started by ours. That Codex asks for approval is read from its notifications: tui.notifications = true

  --dry-run   prints the file as it would be, and writes nothing

  toru hook install claude --dry-run
  toru hook install claude
`;

interface Program {
  /** Its file of settings, when none is named. */
  file: (env: Io['env']) => string;
  install: (text: string | null) => string;
  remove: (text: string | null) => string;
  has: (text: string | null) => boolean;
}

/** As the environment has it, else below the home folder. */
const below = (env: Io['env'], name: string, folder: string): string => env[name] || join(env['HOME'] || homedir(), folder);

function programs(env: Io['env']): ReadonlyMap<string, Program> {
  return new Map<string, Program>([
    [
      'claude',
      {
        file: () => join(below(env, 'CLAUDE_CONFIG_DIR', '.claude'), 'settings.json'),
        install: (text) => withClaudeHooks(text, ownArgv(env).map(quoted).join(' ')),
        remove: withoutClaudeHooks,
        has: hasClaudeHooks,
      },
    ],
    [
      'codex',
      {
        file: () => join(below(env, 'CODEX_HOME', '.codex'), 'config.toml'),
        install: (text) => withCodexNotify(text, ownArgv(env)),
        remove: withoutCodexNotify,
        has: hasCodexNotify,
      },
    ],
  ]);
}

/** toru hook */
export const hook: Command = {
  summary: 'Let agent programs say in their terminal how they are',
  help: HELP,
  run: async (args, io) => {
    // The program behind `--` and the event are Codex’ own words.
    if (args[0] === 'event') return codexEvent(args.slice(1), io);
    const { values, positionals } = parse(args, { file: { type: 'string' }, 'dry-run': { type: 'boolean' } });
    const [act, name, ...more] = positionals;
    noWords(more);
    const known = programs(io.env);
    if (act === 'list') {
      for (const [each, { file, has }] of known)
        await print(io, `${each.padEnd(8)} ${has(read(file(io.env))) ? 'installed' : 'not installed'}  ${file(io.env)}`);
      return 0;
    }
    if (act !== 'install' && act !== 'remove')
      throw new UsageError(`${act === undefined ? 'An act is missing' : `“${act}” is not one`}: install, remove, list.`);
    const program = known.get(name ?? '');
    if (program === undefined)
      throw new UsageError(`${name === undefined ? 'The program is missing' : `“${name}” is not known`}: ${[...known.keys()].join(', ')}.`);
    const path = resolve(values.file ?? program.file(io.env));
    // Kept elsewhere and linked to, as with other dotfiles.
    const file = existsSync(path) ? realpathSync(path) : path;
    const before = read(file);
    const after = act === 'install' ? program.install(before) : before === null ? null : program.remove(before);
    if (values['dry-run'] === true) {
      await io.out.write(after ?? '');
      return 0;
    }
    if (after === null || after === before) await print(io, `${path} is as it shall be already.`);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeAtomically(file, after);
      await print(
        io,
        act === 'install' ? `Installed in ${path}. Programs that run already may have to be started again.` : `Removed from ${path}.`,
      );
    }
    return 0;
  },
};

const event = z.looseObject({ type: z.string() });

/** `toru hook event codex [-- PROGRAM ARG…] JSON`, as Codex starts it. What it starts in turn gets the event, too. */
async function codexEvent(args: readonly string[], io: Io): Promise<number> {
  const json = args.at(-1) ?? '';
  const at = args.indexOf('--');
  const theirs = at < 0 ? [] : args.slice(at + 1);
  const happened = event.safeParse(parseJsonOrNull(json));
  if (happened.success && happened.data.type === 'agent-turn-complete' && io.env['TORU_TERMINAL_TOKEN'] !== undefined)
    // Nobody reads what this prints: a turn is over also where no agent of ours runs.
    await askOfTerminal(io.env, 'status', { state: 'done' }).catch(() => undefined);
  const [file, ...rest] = theirs;
  if (file === undefined || theirs.length < 2) return 0;
  const child = spawn(file, rest, { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function read(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** What starts this command: its name where the PATH has it, else this Node with this file. */
function ownArgv(env: Io['env']): string[] {
  const onPath = (env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && isExecutable(join(folder, 'toru')));
  return onPath ? ['toru'] : [process.execPath, resolve(process.argv[1] ?? '')];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As a shell reads it as one word. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
