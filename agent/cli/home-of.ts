import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** TORU_HOME, as the agent reads it. Nothing is made. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['TORU_HOME'];
  const home = given === undefined || given === '' ? '~/.toru' : given;
  return resolve(home === '~' || home.startsWith('~/') ? join(homedir(), home.slice(1)) : home);
}

export function socketOf(env: Readonly<Record<string, string | undefined>>): string {
  return join(homeOf(env), 'api.sock');
}
