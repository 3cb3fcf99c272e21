import { existsSync } from 'node:fs';
import type { Action } from '../../shared/flow/definition.ts';
import type { ContainerSettings } from '../config-containers.ts';
import { engineSockets } from '../containers/engine-sockets.ts';
import { knowsCluster } from '../containers/kube-files.ts';
import { findProgram } from '../process/programs.ts';
import { loginPath } from '../system/login-environment.ts';
import { runnerOf } from './container-step.ts';
import { LANGUAGES } from './languages.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What this host is good for by what it has: where steps can run, and the languages that something on it reads. */
export function foundTags(containers: ContainerSettings, env: Env): string[] {
  const sockets = socketsOf(containers, env);
  const there = sockets.filter((socket) => existsSync(socket));
  // An engine that somebody named counts, though it be away: its step says what is wrong with it.
  const isNamed = containers.socket !== '' || (env['DOCKER_HOST'] ?? '') !== '';
  const path = loginPath(env['PATH']);
  // TypeScript is read by the Node that Toru brings, where there is nothing else (interpreters.ts).
  const languages = Object.entries(LANGUAGES).filter(
    ([language, { programs }]) => language === 'typescript' || programs.some((name) => findProgram(name, path) !== null),
  );
  return [
    'local',
    ...(there.length > 0 || isNamed ? ['docker'] : []),
    ...(there.some((socket) => socket.includes('podman')) ? ['podman'] : []),
    ...(knowsCluster(env) ? ['pod'] : []),
    ...languages.map(([name]) => name),
  ];
}

/** What a step needs of a host: by its runner, and what its action says. */
export function neededTags(action: Action): string[] {
  const runner = runnerOf(action);
  return [...new Set([...(runner === null ? [] : [runner]), ...action.tags])];
}

function socketsOf(containers: ContainerSettings, env: Env): string[] {
  try {
    return engineSockets(containers.socket, env);
  } catch {
    // Its step says why.
    return [];
  }
}
