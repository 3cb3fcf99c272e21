import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { VERSION } from '../../../shared/version.ts';
import { AGENT_ENV } from '../../memory-at-rest-flags.ts';
import type { Scope, ServiceSpec } from './service-spec.ts';
import { NAME, WRITTEN_BY } from './service-spec.ts';
import type { Step } from './step.ts';
import { environmentLine, readEnvironmentLine, unitCommand, unitLine, unitWord } from './unit-quote.ts';

/** Where StateDirectory= and LogsDirectory= lie for the system (systemd.exec(5)). */
export const STATE_HOME = '/var/lib/toru';
export const SYSTEM_LOGS = '/var/log/toru';
const ETC = '/etc/toru';

export function unitFile(scope: Scope, env: Readonly<Record<string, string | undefined>>): string {
  return scope === 'system' ? `/etc/systemd/system/${NAME}.service` : join(configHome(env), 'systemd', 'user', `${NAME}.service`);
}

export function environmentFile(scope: Scope, env: Readonly<Record<string, string | undefined>>): string {
  return scope === 'system' ? join(ETC, 'toru.env') : join(configHome(env), 'toru.env');
}

/** The unit. @throws UsageError for a path that it can't name. */
export function unitText({ scope, account, home, command }: Omit<ServiceSpec, 'environment' | 'edge'>, envFile: string): string {
  const system = scope === 'system';
  const online = ['Wants=network-online.target', 'After=network-online.target'];
  const state = ['StateDirectory=toru', 'StateDirectoryMode=0700'];
  const logs = ['LogsDirectory=toru', 'LogsDirectoryMode=0700'];
  return `# ${WRITTEN_BY} of Toru ${VERSION}; the next one writes it again. Changes of yours: ${systemctl(scope).join(' ')} edit ${NAME}
[Unit]
Description=Toru, scripts of this machine from anywhere
${lines(system ? online : [])}
[Service]
${lines([
  ...(system ? [`User=${account.name}`] : []),
  `ExecStart=${unitCommand(command)}`,
  `Environment=${unitWord(`TORU_HOME=${home}`)}`,
  '# The C library gives large blocks back at once: checking a password takes 19 MiB for a moment.',
  `Environment=${Object.entries(AGENT_ENV)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}`,
  '# Settings and secrets, for their owner alone (0600).',
  `EnvironmentFile=-${unitLine(envFile)}`,
  ...(system && home === STATE_HOME ? state : []),
  ...(system ? logs : []),
])}
# It says itself when it is up, and that it is alive: one that hangs is ended and started again. “all”, since systemd-notify says it.
Type=notify
NotifyAccess=all
# A large history may take its time to be brought up to date.
TimeoutStartSec=5min
WatchdogSec=60
Restart=always
RestartSec=2

# A stop, an upgrade or a crash ends the agent and leaves the runs alone: the next agent takes them up again.
KillMode=process
# A script that eats all memory must not take the agent with it.
OOMPolicy=continue
# Each run gets a cgroup below ours, so that a cancel ends all of it.
Delegate=yes
# No hardening: scripts inherit it. NoNewPrivileges would break their sudo, ProtectSystem and PrivateTmp their files, and so on.

[Install]
WantedBy=${system ? 'multi-user.target' : 'default.target'}
`;
}

/** @param env of the command, for the folders of a user. */
export function systemdInstall(spec: ServiceSpec, env: Readonly<Record<string, string | undefined>>): Step[] {
  const { scope, account, home } = spec;
  const unit = unitFile(scope, env);
  const file = environmentFile(scope, env);
  const before = readOrNull(file);
  const text = environmentText(spec.environment, before);
  const ofStateDirectory = scope === 'system' && home === STATE_HOME;
  const byHand = readOrNull(unit)?.includes(WRITTEN_BY) === false;
  return [
    ...(account.uid >= 0 ? [] : [addUser(account.name)]),
    { kind: 'folder', path: dirname(file), mode: 0o755 },
    { kind: 'file', path: file, text, mode: 0o600, shown: withoutSecrets(text) },
    ...(ofStateDirectory
      ? []
      : [{ kind: 'folder', path: home, mode: 0o700, ...(scope === 'system' ? { owner: account.name } : {}) } as const]),
    { kind: 'folder', path: dirname(unit), mode: 0o755 },
    ...(byHand ? [{ kind: 'rename', from: unit, to: `${unit}.before`, why: 'it was not written by this command' } as const] : []),
    { kind: 'file', path: unit, text: unitText(spec, file), mode: 0o644 },
    { kind: 'run', command: [...systemctl(scope), 'daemon-reload'] },
    { kind: 'run', command: [...systemctl(scope), 'enable', NAME] },
  ];
}

/** The home stays. */
export function systemdUninstall(scope: Scope, env: Readonly<Record<string, string | undefined>>): Step[] {
  return [
    { kind: 'run', command: [...systemctl(scope), 'disable', '--now', NAME], mayFail: true },
    { kind: 'remove', path: unitFile(scope, env) },
    // What “systemctl edit” wrote.
    { kind: 'remove', path: `${unitFile(scope, env)}.d` },
    { kind: 'remove', path: environmentFile(scope, env) },
    ...(scope === 'system' ? [{ kind: 'remove', path: ETC, folder: true } as const] : []),
    { kind: 'run', command: [...systemctl(scope), 'daemon-reload'], mayFail: true },
    { kind: 'run', command: [...systemctl(scope), 'reset-failed', NAME], mayFail: true },
  ];
}

export function systemctl(scope: Scope): readonly [string, ...string[]] {
  return scope === 'system' ? ['systemctl'] : ['systemctl', '--user'];
}

/** What a unit says of the home and the user: of this command's, or of one that somebody wrote after our documents. */
export function readUnit(text: string): { home: string | null; user: string | null } {
  const home = text.match(/^Environment=(?:"TORU_HOME=((?:[^"\\]|\\.)*)"|TORU_HOME=(\S+))\s*$/m);
  const raw = home?.[1]?.replace(/\\(["\\])/g, '$1') ?? home?.[2] ?? null;
  return { home: raw?.replaceAll('%%', '%') ?? null, user: text.match(/^User=(\S+)\s*$/m)?.[1] ?? null };
}

/** The variables of an environment file. */
export function readEnvironment(text: string): Map<string, string> {
  const found = text.split('\n').map(readEnvironmentLine);
  return new Map(found.flatMap((one) => (one === null ? [] : [[one.name, one.value] as const])));
}

/** The file that is there, with these variables; comments and whatever else stands there stay. */
function environmentText(wanted: ReadonlyMap<string, string>, before: string | null): string {
  const old = before ?? `# Settings of Toru's service: docs/configuration.md. After a change: toru service restart\n`;
  const kept = old.split('\n').filter((line) => !wanted.has(readEnvironmentLine(line)?.name ?? ''));
  const text = kept.join('\n').replace(/\n*$/, '\n');
  return text + [...wanted].map(([name, value]) => `${environmentLine(name, value)}\n`).join('');
}

/** What a dry run shows of it: names, and of what is no secret the value. */
function withoutSecrets(text: string): string {
  return text.replace(/^(\s*\w*(?:PASSWORD|SECRET|TOKEN)\w*=).*$/gm, '$1…');
}

function addUser(name: string): Step {
  return { kind: 'run', command: ['useradd', '--system', '--home-dir', STATE_HOME, '--shell', '/usr/sbin/nologin', '--', name] };
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}

function configHome(env: Readonly<Record<string, string | undefined>>): string {
  return env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
}

function readOrNull(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
