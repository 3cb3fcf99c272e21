import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** TORU_HOME, as the agent reads it; in a script, the home of the agent that started it. Nothing is made. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['TORU_HOME'] || (env['TORU_SOCKET'] === undefined ? undefined : dirname(env['TORU_SOCKET']));
  const home = given === undefined || given === '' ? '~/.toru' : given;
  return resolve(home === '~' || home.startsWith('~/') ? join(homedir(), home.slice(1)) : home);
}

export function socketOf(env: Readonly<Record<string, string | undefined>>): string {
  return join(homeOf(env), 'api.sock');
}
