import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where an engine may listen on this host, the best first: what somebody said, then Docker, then Podman, each with and without root.
 * @param said a setting; '' where there is none. @throws ToruError conflict when what was said is no socket of this host
 */
export function engineSockets(said: string, env: Env, user: { uid: number; homedir: string } = userInfo()): string[] {
  const named = said === '' ? (env['DOCKER_HOST'] ?? '') : said;
  if (named !== '') return [socketOf(named)];
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${user.uid}`;
  return [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    join(user.homedir, '.docker/run/docker.sock'),
    join(user.homedir, '.docker/desktop/docker.sock'),
    join(user.homedir, '.colima/default/docker.sock'),
    join(runtime, 'podman/podman.sock'),
    '/run/podman/podman.sock',
  ];
}

function socketOf(named: string): string {
  const path = named.replace(/^unix:\/\//, '');
  if (path.startsWith('/')) return path;
  throw new ToruError(
    'conflict',
    `“${named}” is no socket of this host, and containers of steps are made beside the workspace's files. Name one, such as unix:///run/docker.sock, in DOCKER_HOST or in the settings.`,
  );
}
