import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Env, Installed, ServiceManager, ServiceState } from './service-manager.ts';
import type { Scope } from './service-spec.ts';
import { NAME } from './service-spec.ts';
import type { Step } from './step.ts';
import {
  environmentFile,
  readEnvironment,
  readUnit,
  STATE_HOME,
  systemctl,
  systemdInstall,
  systemdUninstall,
  unitFile,
} from './systemd.ts';

/** systemd as the service manager. @param env of the command */
export function systemd(env: Env): ServiceManager {
  const restart = (scope: Scope): Step => ({ kind: 'run', command: [...systemctl(scope), 'restart', NAME] });
  return {
    name: 'systemd',
    installed: (scope) => installed(scope, env),
    install: (spec) => systemdInstall(spec, env),
    uninstall: (scope) => systemdUninstall(scope, env),
    start: restart,
    restart,
    stop: (scope) => ({ kind: 'run', command: [...systemctl(scope), 'stop', NAME] }),
    state,
    owns: (_, pid) => read(`/proc/${pid}/cgroup`).includes(`/${NAME}.service`),
    logs: (scope, { follow, lines }) => [
      'journalctl',
      ...(scope === 'user' ? ['--user'] : []),
      `--unit=${NAME}`,
      `--lines=${lines}`,
      '--no-pager',
      '--output=short-iso',
      ...(follow ? ['--follow'] : []),
    ],
  };
}

function installed(scope: Scope, env: Env): Installed {
  const file = unitFile(scope, env);
  return {
    file,
    exists: existsSync(file),
    ...readUnit(read(file)),
    environment: readEnvironment(read(environmentFile(scope, env))),
    defaultHome: scope === 'system' ? STATE_HOME : join(homedir(), '.toru'),
  };
}

function state(scope: Scope): ServiceState {
  const properties = ['ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts', 'ActiveEnterTimestamp', 'UnitFileState'];
  const [program, ...args] = [...systemctl(scope), 'show', NAME, `--property=${properties.join(',')}`];
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  const values = new Map((stdout ?? '').split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
  const value = (name: string): string => values.get(name) ?? '';
  const active = value('ActiveState') === 'active';
  const restarts = Number(value('NRestarts') || 0);
  const words = [
    `${value('ActiveState') || 'unknown to systemd'} (${value('SubState')})${active && value('ActiveEnterTimestamp') !== '' ? ` since ${value('ActiveEnterTimestamp')}` : ''}`,
    value('UnitFileState') === 'enabled' ? (scope === 'system' ? 'starts at boot' : 'starts with its user') : 'does not start by itself',
    ...(restarts > 0 ? [`${restarts} ${restarts === 1 ? 'restart' : 'restarts'} by systemd`] : []),
    ...(active || value('Result') === 'success' || value('Result') === '' ? [] : [`result: ${value('Result')}`]),
  ];
  return { active, words: words.join(', '), pid: Number(value('MainPID') || 0) || null };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
