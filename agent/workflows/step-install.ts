import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { FAILURE_FILE } from '../containers/order.ts';
import { findProgram } from '../process/programs.ts';
import { spawned } from '../process/spawn.ts';
import { type InstallOrder, installOrder } from './dependencies.ts';

/**
 * The first program of a step whose script depends on packages: installs them where they are missing, its output in the step's log, and
 * becomes the script's program. Arguments: an order (dependencies.ts), the program, its arguments.
 */

/** Of our own failures. */
const OWN_FAILURE = 125;
/** What an interrupted installation left is taken away after so long. */
const STALE_MS = 24 * 3_600_000;
/** What a package's own installation may see: the step's values are not its business. */
const FOR_INSTALLERS =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_.*|TMPDIR|SHELL|TERM|(?:https?|all|no)_proxy|npm_config_.*|PIP_.*|UV_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*)$/i;

class InstallFailure extends Error {}

const [, , text = '', program = '', ...args] = process.argv;
const order = installOrder.parse(JSON.parse(text));
try {
  await install(order);
  const modules = join(order.folder, 'node_modules');
  const link = join(order.step, 'node_modules');
  if (order.language !== 'python' && !existsSync(link)) symlinkSync(modules, link);
} catch (error) {
  if (!(error instanceof InstallFailure)) throw error;
  process.stderr.write(`[toru] ${error.message}\n`);
  writeFileSync(join(order.step, FAILURE_FILE), error.message, { mode: 0o600 });
  process.exit(OWN_FAILURE);
}
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
// What packages bring as programs is found by its name, as by whoever activated the environment, and as in npm's own scripts.
const programs = join(order.folder, order.language === 'python' ? 'bin' : 'node_modules/.bin');
environment['PATH'] = [programs, ...(environment['PATH'] ?? '').split(delimiter)].filter((each) => each !== '').join(delimiter);
if (process.execve === undefined) throw new Error('This Node can’t become another program.');
process.execve(program, [program, ...args], environment);

/** Into a folder of its own, which gets its name when it is complete: two steps at once do no harm, nor does a kill. */
async function install({ folder, language, dependencies, interpreter }: InstallOrder): Promise<void> {
  if (existsSync(folder)) {
    // What is used stays (unused-dependencies.ts).
    const now = new Date();
    return utimesSync(folder, now, now);
  }
  const within = dirname(folder);
  mkdirSync(within, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(within)) {
    const old = join(within, name);
    if (name.includes('.new-') && Date.now() - statSync(old).mtimeMs > STALE_MS) rmSync(old, { recursive: true, force: true });
  }
  const made = `${folder}.new-${process.pid}`;
  mkdirSync(made, { mode: 0o700 });
  process.stderr.write(`[toru] Installing ${dependencies.join(', ')}\n`);
  try {
    if (language === 'python') await intoEnvironment(made, interpreter, dependencies);
    else await intoModules(made, interpreter, dependencies);
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another step was faster.
    if (!existsSync(folder)) throw error;
  }
}

async function intoEnvironment(folder: string, interpreter: string, dependencies: readonly string[]): Promise<void> {
  const python = join(folder, 'bin/python');
  const uv = onPath('uv');
  if (uv !== null) {
    await run(uv, ['venv', '--quiet', '--allow-existing', '--python', interpreter, folder]);
    return run(uv, ['pip', 'install', '--quiet', '--python', python, ...dependencies]);
  }
  await run(interpreter, ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...dependencies]);
}

async function intoModules(folder: string, interpreter: string, dependencies: readonly string[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const npm = onPath('npm');
  if (npm !== null) return run(npm, ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', ...dependencies]);
  const bun = interpreter.endsWith('/bun') ? interpreter : onPath('bun');
  if (bun === null) throw new InstallFailure('This host has neither npm nor bun, which install what the script depends on. Install one.');
  await run(bun, ['add', '--cwd', folder, ...dependencies]);
}

/** @throws InstallFailure */
async function run(command: string, words: readonly string[]): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => FOR_INSTALLERS.test(name)));
  const child = spawn(command, words, { stdio: ['ignore', 2, 2], env });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  await spawned(child);
  const code = await ended;
  const name = command.slice(command.lastIndexOf('/') + 1);
  if (code !== 0)
    throw new InstallFailure(
      `What the script depends on could not be installed: ${name} ended with ${code === null ? 'a signal' : `exit code ${code}`}. Is each name right, and can this host reach the registry? The log says more.`,
    );
}

function onPath(name: string): string | null {
  return findProgram(name, process.env['PATH'] ?? '');
}
