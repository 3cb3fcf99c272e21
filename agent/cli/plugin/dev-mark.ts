import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from '../client.ts';
import type { Io } from '../io.ts';

/**
 * Says that a plugin stands in TORU_HOME/plugins only while somebody writes it. Beside the plugin, not in it: it is no
 * part of what is accepted. Hidden: it is no plugin.
 */
function fileOf(env: Io['env'], id: string): string {
  return join(homeOf(env), 'plugins', `.dev-${id}`);
}

export function isDev(env: Io['env'], id: string): boolean {
  return existsSync(fileOf(env, id));
}

export function markDev(env: Io['env'], id: string, folder: string): void {
  writeFileSync(fileOf(env, id), `${folder}\n`, { mode: 0o600 });
}

export function unmarkDev(env: Io['env'], id: string): void {
  rmSync(fileOf(env, id), { force: true });
}
