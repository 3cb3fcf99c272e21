import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { VERSION } from '../../../shared/version.ts';
import { UsageError } from '../io.ts';
import type { Env, Installed, ServiceManager, ServiceState } from './service-manager.ts';
import type { Scope, ServiceSpec } from './service-spec.ts';
import { NAME, WRITTEN_BY } from './service-spec.ts';
import type { Step } from './step.ts';

/** What scripts find on their PATH besides the system's own: Homebrew's two places. */
const PATH = '/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** launchd as the service manager: a plist of the user's session, or of the machine. */
export function launchd(_env: Env): ServiceManager {
  return {
    name: 'launchd',
    installed,
    install: launchdInstall,
    uninstall: (scope) => [
      { kind: 'run', command: ['launchctl', 'bootout', targetOf(scope)], mayFail: true },
      { kind: 'remove', path: plistFile(scope) },
    ],
    start: (scope) => ({ kind: 'run', command: ['launchctl', 'bootstrap', domainOf(scope), plistFile(scope)] }),
    restart: (scope) => ({ kind: 'run', command: ['launchctl', 'kickstart', '-k', targetOf(scope)] }),
    // KeepAlive would start it again at once: it is loaded again by the next start.
    stop: (scope) => ({ kind: 'run', command: ['launchctl', 'bootout', targetOf(scope)] }),
    state,
    owns: (scope, pid) => state(scope).pid === pid || parentOf(pid) === state(scope).pid,
    logs: (scope, { follow, lines }) => ['tail', '-n', String(lines), ...(follow ? ['-F'] : []), logFile(scope)],
  };
}

/** Readable for its owner alone: the variables may be secrets, and launchd reads no file of them. */
export function launchdInstall(spec: ServiceSpec): Step[] {
  const { scope, home, account } = spec;
  const file = plistFile(scope);
  const text = plistText(spec);
  const secrets = /(<key>\w*(?:PASSWORD|SECRET|TOKEN)\w*<\/key>\s*<string>)[^<]*/g;
  return [
    { kind: 'folder', path: dirname(file), mode: 0o755 },
    { kind: 'folder', path: home, mode: 0o700, ...(scope === 'system' ? { owner: account.name } : {}) },
    { kind: 'file', path: file, text, mode: 0o600, shown: text.replace(secrets, '$1…') },
    // An older one is forgotten, so that launchd reads this one.
    { kind: 'run', command: ['launchctl', 'bootout', targetOf(scope)], mayFail: true },
  ];
}

/** @throws UsageError for a control character. */
export function plistText({ scope, account, home, command, environment }: ServiceSpec): string {
  const variables = new Map([['PATH', PATH], ...environment, ['TORU_HOME', home]]);
  const entries = [...variables].map(([name, value]) => `    <key>${xml(name)}</key>\n    <string>${xml(value)}</string>\n`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${WRITTEN_BY} of Toru ${VERSION}; the next one writes it again. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${NAME}</string>
${scope === 'system' ? `  <key>UserName</key>\n  <string>${xml(account.name)}</string>\n` : ''}  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>\n`).join('')}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${entries.join('')}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <!-- A stop ends the agent and leaves the runs alone: the next agent takes them up again. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <key>StandardErrorPath</key>
  <string>${xml(logFile(scope))}</string>
  <key>StandardOutPath</key>
  <string>${xml(logFile(scope))}</string>
</dict>
</plist>
`;
}

function installed(scope: Scope): Installed {
  const file = plistFile(scope);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const variables = /<key>EnvironmentVariables<\/key>\s*<dict>([\s\S]*?)<\/dict>/.exec(text)?.[1] ?? '';
  const environment = new Map<string, string>();
  for (const [, name = '', value = ''] of variables.matchAll(/<key>([^<]*)<\/key>\s*<string>([^<]*)<\/string>/g))
    environment.set(plain(name), plain(value));
  const home = environment.get('TORU_HOME') ?? null;
  environment.delete('TORU_HOME');
  environment.delete('PATH');
  const user = /<key>UserName<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1] ?? null;
  const defaultHome = scope === 'system' ? '/usr/local/var/toru' : join(homedir(), '.toru');
  return { file, exists: text !== '', home, user, environment, defaultHome };
}

function state(scope: Scope): ServiceState {
  const { status, stdout } = spawnSync('launchctl', ['print', targetOf(scope)], { encoding: 'utf8' });
  const pid = Number(/^\s*pid = (\d+)$/m.exec(stdout ?? '')?.[1] ?? 0) || null;
  const words = status === 0 ? (/^\s*state = (.+)$/m.exec(stdout)?.[1] ?? 'loaded') : 'not loaded';
  return { active: pid !== null, words: `${words}, starts ${scope === 'system' ? 'at boot' : 'at login'}`, pid };
}

function parentOf(pid: number): number | null {
  return Number(spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || 0) || null;
}

function plistFile(scope: Scope): string {
  return scope === 'system' ? `/Library/LaunchDaemons/${NAME}.plist` : join(homedir(), 'Library/LaunchAgents', `${NAME}.plist`);
}

function logFile(scope: Scope): string {
  return scope === 'system' ? `/Library/Logs/${NAME}.log` : join(homedir(), 'Library/Logs', `${NAME}.log`);
}

function domainOf(scope: Scope): string {
  return scope === 'system' ? 'system' : `gui/${process.getuid?.() ?? 0}`;
}

function targetOf(scope: Scope): string {
  return `${domainOf(scope)}/${NAME}`;
}

function xml(text: string): string {
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new UsageError('A line break or another control character can’t stand in a plist; choose a path or value without.');
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
