import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { StartError } from '../../start-error.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import type { Io } from '../io.ts';
import { note, print, UsageError } from '../io.ts';
import { install, waitForLink } from '../service/install.ts';
import type { ServiceManager } from '../service/service-manager.ts';
import { scopeOf, serviceManagerOf } from '../service/service-manager.ts';
import type { Scope } from '../service/service-spec.ts';
import { describe, perform, shellWord } from '../service/step.ts';
import { SYSTEM_LOGS } from '../service/systemd.ts';
import { plain } from '../terminal-filter.ts';

const SCOPES = { system: { type: 'boolean' }, user: { type: 'boolean' } } as const;

/** toru service */
export const service: Command = {
  summary: 'Have systemd or launchd keep Toru running',
  help: `Usage: toru service install [--system|--user] [--edge URL] [--home DIR] [--run-as USER] [--dry-run]
       toru service status | logs [-f] [-n LINES] | restart | uninstall   [--system|--user]

install writes the unit (launchd: the plist), a file of settings that only its owner can read, and
the folders; starts the service, waits until this host is linked, and says all that it did. Typed
again it brings what is there up to date. As root it is a service of the machine, else one of yours.
Settings (docs/configuration.md) are taken from the environment of this command, and kept from before.

      --system       of this machine, under the user toru, which is made; needs root
      --user         of your own user: scripts may do what you may
      --edge URL     the agent alone, linked to an edge elsewhere; '' for the edge on this machine
      --home DIR     TORU_HOME (default: /var/lib/toru, or ~/.toru)
      --run-as USER  whom scripts run as, with --system (default: the owner of a home that is there)
      --dry-run      only say what would be written and run

  toru service install --user
  sudo STEERING_PORT=8080 toru service install
  sudo toru service install --edge https://toru.example.workers.dev --run-as backup
`,
  run: async ([name, ...args], io) => {
    switch (name) {
      case 'install':
        return installCommand(args, io);
      case 'uninstall':
        return uninstall(args, io);
      case 'status':
        return status(args, io);
      case 'logs':
        return logs(args, io);
      case 'restart':
        return restart(args, io);
      default:
        throw new UsageError(
          name === undefined
            ? 'What about the service? install, status, logs, restart or uninstall.'
            : `“${name}” is nothing that a service can do.`,
        );
    }
  },
};

async function installCommand(args: string[], io: Io): Promise<number> {
  const options = {
    ...SCOPES,
    edge: { type: 'string' },
    home: { type: 'string' },
    'run-as': { type: 'string' },
    'dry-run': { type: 'boolean' },
  } as const;
  const { values, positionals } = parse(args, options);
  noWords(positionals);
  const scope = scopeSaid(values) ?? ownScope();
  const dryRun = values['dry-run'] === true;
  if (values['run-as'] !== undefined && scope === 'user') throw new UsageError('--run-as is for --system: a service of yours runs as you.');
  if (scope === 'user' && process.getuid?.() === 0 && io.env['SUDO_UID'] !== undefined)
    throw new StartError('A service of your own user is installed without sudo: toru service install --user');
  const manager = managerFor(scope, io, dryRun);
  const { edge, home } = values;
  return install(
    {
      scope,
      ...(edge === undefined ? {} : { edge }),
      ...(home === undefined ? {} : { home }),
      ...(values['run-as'] === undefined ? {} : { run_as: values['run-as'] }),
    },
    manager,
    io,
    dryRun,
  );
}

async function uninstall(args: string[], io: Io): Promise<number> {
  const { manager, scope } = chosen(args, io, true);
  const { home } = manager.installed(scope);
  for (const step of manager.uninstall(scope)) if (perform(step)) await print(io, describe(step));
  await print(
    io,
    `\nThe service is removed; runs that were under way go on. ${home ?? 'The home'} is still there, with history, users and key.`,
  );
  return 0;
}

async function status(args: string[], io: Io): Promise<number> {
  const { manager, scope } = chosen(args, io, false);
  const { file, home, user, defaultHome } = manager.installed(scope);
  const { active, words, pid } = manager.state(scope);
  const problem = active ? await waitForLink(home ?? defaultHome, 1000) : null;
  const lines = [
    ['service', `${words}${pid === null ? '' : `, pid ${pid}`}`],
    ['unit', file],
    ['user', user ?? 'you'],
    ['home', home ?? defaultHome],
    ...(active ? [['edge', problem === null ? 'linked' : `not linked: ${problem}`] as const] : []),
  ];
  for (const [name = '', value = ''] of lines) await print(io, `${name.padEnd(8)} ${plain(value)}`);
  if (!active) await note(io, `it does not run. Why: ${nameOf(scope)} logs. Start it: ${nameOf(scope)} restart`);
  return active ? 0 : 1;
}

async function logs(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, {
    ...SCOPES,
    follow: { type: 'boolean', short: 'f' },
    lines: { type: 'string', short: 'n' },
  });
  noWords(positionals);
  if (values.lines !== undefined && !/^\d{1,6}$/.test(values.lines)) throw new UsageError(`“${values.lines}” is no number of lines.`);
  const scope = scopeSaid(values) ?? scopeOf(serviceManagerOf(io.env));
  const manager = managerFor(scope, io, true);
  const [program, ...more] = manager.logs(scope, { follow: values.follow === true, lines: Number(values.lines ?? 100) });
  const { home, defaultHome } = manager.installed(scope);
  const own = scope === 'system' && existsSync(SYSTEM_LOGS) ? SYSTEM_LOGS : `${home ?? defaultHome}/logs`;
  await note(io, `what the agent itself notes down stands in ${own}/agent.log`);
  const child = spawn(program, more, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 0));
  });
}

async function restart(args: string[], io: Io): Promise<number> {
  const { manager, scope } = chosen(args, io, true);
  const { home, defaultHome } = manager.installed(scope);
  perform(manager.restart(scope));
  const problem = await waitForLink(home ?? defaultHome);
  await print(
    io,
    problem === null ? 'It runs again, and is linked. Runs went on meanwhile.' : `It runs again, but is not linked: ${problem}`,
  );
  return problem === null ? 0 : 125;
}

/** The scope that is meant, where something is installed. @param changes needs root for the machine's. @throws StartError */
function chosen(args: string[], io: Io, changes: boolean): { manager: ServiceManager; scope: Scope } {
  const { values, positionals } = parse(args, SCOPES);
  noWords(positionals);
  const scope = scopeSaid(values) ?? scopeOf(serviceManagerOf(io.env));
  const manager = managerFor(scope, io, !changes);
  if (manager.installed(scope).exists) return { manager, scope };
  throw new StartError(`No service of ${scope === 'system' ? 'this machine' : 'yours'} is installed. Install it: ${nameOf(scope)} install`);
}

/** Where nobody says which: root's is one of the machine. */
export function ownScope(): Scope {
  return process.getuid?.() === 0 ? 'system' : 'user';
}

/** @param looks nothing will be changed. @throws StartError without the rights, or without a service manager. */
export function managerFor(scope: Scope, io: Io, looks: boolean): ServiceManager {
  if (scope === 'system' && !looks && process.getuid?.() !== 0) {
    const typed = process.argv.slice(1).map(shellWord).join(' ');
    throw new StartError(`A service of the machine needs root. Type: sudo ${typed}`);
  }
  if (scope === 'user') findUserManager(io);
  return serviceManagerOf(io.env);
}

/** After “su” or “sudo -u” nothing says where the user's own systemd is; it is always at the same place. */
function findUserManager(io: Io): void {
  if (process.platform !== 'linux' || (io.env['XDG_RUNTIME_DIR'] ?? '') !== '') return;
  const folder = `/run/user/${process.getuid?.() ?? 0}`;
  if (existsSync(folder)) process.env['XDG_RUNTIME_DIR'] = folder;
  else if (existsSync('/run/systemd/system'))
    throw new StartError(
      'Your own systemd does not run, since you are not logged in here. Start it: sudo loginctl enable-linger "$USER", and type the same again.',
    );
}

function scopeSaid({ system, user }: { system?: boolean | undefined; user?: boolean | undefined }): Scope | null {
  if (system === true && user === true) throw new UsageError('--system or --user, not both.');
  return system === true ? 'system' : user === true ? 'user' : null;
}

function nameOf(scope: Scope): string {
  return scope === 'system' ? 'sudo toru service' : 'toru service';
}
